"""What is wrong with a folder of results."""


class ResultsError(ValueError):
    """A folder holds no results of a study, or its files are damaged.

    The message names the file, says what is wrong with it and what to do.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ibtools.experiments import ResultsError, read_results
    >>> with TemporaryDirectory() as folder:
    ...     try:
    ...         read_results(folder)
    ...     except ResultsError:
    ...         print("nothing was run into this folder")
    nothing was run into this folder
    """
