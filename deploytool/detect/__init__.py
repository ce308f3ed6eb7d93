"""What is asked before anything is judged: who serves which commit, what a service is made of, what differs."""
