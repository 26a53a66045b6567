"""Everything the person sees; what computes lives in `engines`."""
