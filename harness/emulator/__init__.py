"""AWS on one machine: S3, IAM, STS, Logs and ECR from moto, training jobs that really run, faults on request."""
