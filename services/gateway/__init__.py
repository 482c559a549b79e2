"""The HTTP gateway: validates, creates jobs, publishes hints, and answers with job ids."""
