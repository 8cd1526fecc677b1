"""What is measured, and the code that measures it: `python -m benchmarks` lists the benchmarks."""
