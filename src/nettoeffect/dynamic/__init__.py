"""Programme start as a decision in time: who starts now is compared with who could have started now and did not."""
