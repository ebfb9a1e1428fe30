"""What is wrong with a folder of results."""


class ResultsError(ValueError):
    """A folder holds no results of a study, or its files are damaged.

    The message names the file, says what is wrong with it and what to do.
    """
