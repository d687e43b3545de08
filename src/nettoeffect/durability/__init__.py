"""What becomes of exits: how long they last, who returns, and the states that people are in afterwards."""
