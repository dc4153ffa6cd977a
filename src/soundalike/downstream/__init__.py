"""What is done with labels: features, classifiers, cross-validation and fine-tuning."""
