"""Excel workbooks: a case in and out, the results of a run out, and turning one form into another."""
