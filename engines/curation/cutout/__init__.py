"""Objects cut out of their pictures and laid on one colour: from annotations, by a detector, or from a plain background."""
