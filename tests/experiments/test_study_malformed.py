"""What is wrong with a study is said in one clear line that names file, field and remedy."""

import pytest

from ibtools.experiments._study import Study
from ibtools.experiments._study_errors import StudyError

# The text of a study, and what its message has to say.
MALFORMED = {
    "not TOML": ("[network\nhidden = 3", ["no valid TOML", "line 1"]),
    "a key twice": ("[training]\nepochs = 1\nepochs = 2\n", ["no valid TOML", "line 3"]),
    "a number of 5000 digits": (f"[training]\nepochs = {'9' * 5000}", ["no valid TOML"]),
    "nested without end": ("x = " + "[" * 100_000, ["nested too deeply"]),
    "an unknown section": ("[netwrk]", ['"netwrk"', 'did you mean "network"?', "execution"]),
    "a field at the top": ("epochs = 3", ['unknown section "epochs"']),
    "a section that is no table": ("network = 3", ["network: got 3", "a table [network]"]),
    "an unknown field": (
        '[network]\nactivaton = "tanh"',
        ["network: ", '"activaton"', 'did you mean "activation"?', "allowed: kind, hidden"],
    ),
    "a field of another kind": (
        '[network]\nkind = "mlp"\nnoise_std = 0.1',
        ['network: unknown field "noise_std"', "allowed: kind, hidden, activation, init"],
    ),
    "an unknown kind": (
        '[network]\nkind = "nlp"',
        ['network.kind: got "nlp"', 'did you mean "mlp"?', '"small_vgg"'],
    ),
    "an unknown activation": (
        '[network]\nactivation = "tnah"',
        ['network.activation: got "tnah"', 'did you mean "tanh"?', '"leaky_relu"'],
    ),
    "half a unit": (
        "[network]\nhidden = [10, 2.5]",
        ["network.hidden: got [10, 2.5]", "each a whole number from 1"],
    ),
    "activations that are too few": (
        '[network]\nactivation = ["tanh", "relu"]',
        ["network.activation: got 2 names for 5 hidden layers", "one for all"],
    ),
    "levels without an interval": (
        '[network]\nkind = "quantized_mlp"\nactivation = "relu"',
        ["network.bounds: is missing", "bounds = [0, 1]"],
    ),
    "images that are none": (
        '[network]\nkind = "lenet5"',
        ['network.kind: got "lenet5"', 'dataset = "szt"', 'give kind = "mlp"'],
    ),
    "images that cannot be halved so often": (
        '[data]\ndataset = "mnist"\n[network]\nkind = "small_vgg"\nn_filters = [4, 4, 4]',
        ["network.n_filters: got 3 blocks", "28 x 28", "give fewer"],
    ),
    "too many weights": (
        "[network]\nhidden = [1000000, 1000000]",
        ["network.hidden: makes 1000012000000 weights", "up to 1000000000"],
    ),
    "an unknown dataset": (
        '[data]\ndataset = "fashion-mnist"',
        ['data.dataset: got "fashion-mnist"', 'did you mean "fashion_mnist"?'],
    ),
    "classes of patterns": (
        "[data]\nclasses = [1, 2]",
        ['data: unknown field "classes"', "allowed: train_fraction"],
    ),
    "a class twice": (
        '[data]\ndataset = "mnist"\nclasses = [1, 1]',
        ["data.classes: got [1, 1]", "labels that all differ"],
    ),
    "a fraction above 1": (
        "[data]\ntrain_fraction = 80",
        ["data.train_fraction: got 80", "a number above 0 up to 1"],
    ),
    "data without a file": ('[data]\ndataset = "file"', ["data.file: is missing", "a text"]),
    "a data file that is not there": (
        '[data]\ndataset = "file"\nfile = "rows.npz"',
        ['data.file: got "rows.npz"', "there is no such file in"],
    ),
    "no epochs": ("[training]\nepochs = 0", ["training.epochs: got 0", "a whole number from 1"]),
    "epochs as text": ('[training]\nepochs = "10"', ['training.epochs: got "10"']),
    "epochs as truth": ("[training]\nepochs = true", ["training.epochs: got true"]),
    "no learning rate": (
        "[training]\nlearning_rate = nan",
        ["training.learning_rate: got NaN", "a number above 0"],
    ),
    "momentum of adam": (
        "[training]\nmomentum = 0.9",
        ["training.momentum: got 0.9", 'give optimizer = "sgd"'],
    ),
    "an odd schedule": (
        '[recording]\nevery = "lgo"',
        ['recording.every: got "lgo"', 'did you mean "log"?', "or a whole number from 1"],
    ),
    "validation rows that are not there": (
        '[data]\ntrain_fraction = 1.0\n[recording]\non = "valid"',
        ['recording.on: got "valid"', "no validation rows", 'on = "train"'],
    ),
    "a window longer than training": (
        "[training]\nepochs = 5\n[recording]\nwindow = 6",
        ["recording.window: got 6", "up to the number of epochs"],
    ),
    "a rule that is not known": (
        '[recording]\nlabels = "rule"',
        ['recording.labels: got "rule"', "give data.gain"],
    ),
    "an estimator that cannot weight rows": (
        '[data]\ngain = 50\n[recording]\nlabels = "rule"\n'
        '[[estimators]]\nkind = "SamplePropagationMI"',
        ["SamplePropagationMI cannot weight rows", "use BinnedMI"],
    ),
    "an unknown estimator": (
        '[[estimators]]\nkind = "BinedMI"',
        ['estimators[1].kind: got "BinedMI"', 'did you mean "BinnedMI"?', '"GaussianMI"'],
    ),
    "an unknown parameter": (
        '[[estimators]]\nname = "bins"\nn_bin = 3',
        ["estimators.bins: ", '"n_bin"', 'did you mean "n_bins"?', "bin_width"],
    ),
    "a parameter out of range": (
        "[[estimators]]\nn_bins = 0",
        ["estimators.BinnedMI.n_bins: got 0", "a whole number from 1"],
    ),
    "an unknown option": (
        '[[estimators]]\nstrategy = "uniforn"',
        ['estimators.BinnedMI.strategy: got "uniforn"', 'did you mean "uniform"?'],
    ),
    "estimators of one name": (
        "[[estimators]]\n[[estimators]]\nn_bins = 3",
        ['2 estimators are called "BinnedMI"', "a name of its own"],
    ),
    "a name with a slash": (
        '[[estimators]]\nname = "a/b"',
        ['estimators[1].name: got "a/b"', "without a slash"],
    ),
    "one estimator as a table": ('[estimators]\nkind = "BinnedMI"', ["tables [[estimators]]"]),
    "a swept field that is unknown": (
        '[sweep]\nnetwork.activaton = ["tanh"]',
        ["sweep: ", '"activaton"', 'did you mean "activation"?'],
    ),
    "a swept section that is unknown": (
        '[sweep]\nnet.activation = ["tanh"]',
        ['sweep: unknown section "net"', "allowed: data, network"],
    ),
    "a level that is not allowed": (
        '[sweep]\nnetwork.activation = ["tanh", "rel"]',
        ['sweep: network.activation: got "rel"', 'did you mean "relu"?'],
    ),
    "a level in place of levels": (
        "[sweep]\ntraining.epochs = 3",
        ['sweep."training.epochs": got 3', "a list, [1, 2, 3], or a range"],
    ),
    "a level twice": (
        "[sweep]\ntraining.epochs = [3, 3]",
        ["has the level 3 more than once", "give each once"],
    ),
    "a range without an end": (
        "[sweep]\ntraining.epochs = {start = 1, num = 3}",
        ['sweep."training.epochs": stop:', "{start = 0.1, stop = 0.5, step = 0.1}"],
    ),
    "a range that never ends": (
        "[sweep]\ntraining.epochs = {start = 1, stop = 1e12, step = 1e-3}",
        ["the range has 1e+15 levels", "1 to 100000"],
    ),
    "a logarithm of 0": (
        '[sweep]\ntraining.learning_rate = {start = 0, stop = 1, num = 3, scale = "log"}',
        ["start and stop", "numbers above 0"],
    ),
    "zipped levels of different number": (
        '[sweep]\nhow = "zip"\ntraining.epochs = [1, 2]\nnetwork.activation = ["tanh"]',
        ['how = "zip" needs as many levels', "training.epochs has 2", "network.activation has 1"],
    ),
    "a swept estimator that is unknown": (
        "[sweep]\nestimators.binned.n_bins = [10, 30]",
        ['unknown estimator "binned"', '"estimators.BinnedMI.n_bins"'],
    ),
    "too many runs": (
        "[sweep]\nseeds = 60000\ntraining.epochs = [1, 2]",
        ["declares 120000 runs", "2 of training.epochs, 60000 seeds", "up to 100000"],
    ),
    "a seed below 0": ("[sweep]\nseeds = [-1]", ["sweep.seeds: got [-1]", "from 0"]),
    "a seed twice": (
        "[sweep]\nseeds = [0, 1, 1]",
        ["sweep.seeds: got [0, 1, 1]", "seeds that all differ"],
    ),
    "more estimators than anyone reads": (
        "[[estimators]]\n" * 20_000,
        ["estimators: got 20000", "1 to 100"],
    ),
    "more levels than can be run": (
        f"[sweep]\ntraining.epochs = {list(range(1, 100_002))}",
        ["declares 100001 runs", "up to 100000"],
    ),
    "a folder elsewhere": (
        '[output]\nfolder = "../results"',
        ['output.folder: got "../results"', "inside that of the study"],
    ),
    "an absolute folder": ('[output]\nfolder = "/tmp/results"', ["output.folder", "inside"]),
    "the folder of the study": ('[output]\nfolder = "."', ["output.folder", 'such as "results"']),
    "a folder that is a file": ('[output]\nfolder = "study.toml"', ["which is a file"]),
    "a folder with a zero byte": ('[output]\nfolder = "a\\u0000b"', ["output.folder: got"]),
    "a scheduler without Dask": (
        '[execution]\nscheduler = "tcp://10.0.0.1:8786"',
        ["execution.scheduler", 'give backend = "dask"'],
    ),
    "no jobs": ("[execution]\nn_jobs = 0", ["execution.n_jobs: got 0", "-1 for all"]),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_one_clear_message(case, tmp_path):
    text, expected = MALFORMED[case]
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        Study.from_toml(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "pydantic" not in message
    assert len(message) < len(str(path)) + 700
    for part in expected:
        assert part in message, message


def test_each_problem_has_a_line(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('[training]\nepochs = 0\noptimizer = "adm"\n[output]\nfolders = "a"')
    with pytest.raises(StudyError) as caught:
        Study.from_toml(path)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{path}: 3 problems"
    assert [line.split(":")[0] for line in lines] == [
        "  training.optimizer",
        "  training.epochs",
        "  output",
    ]


def test_more_problems_than_anyone_reads():
    with pytest.raises(StudyError) as caught:
        Study.from_dict({f"section{k}": {} for k in range(50)})
    assert len(caught.value.problems) == 50
    assert str(caught.value).endswith("... and 30 more")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(StudyError, match=r"nowhere\.toml: there is no such file; .*ibtools new"):
        Study.from_toml(tmp_path / "nowhere.toml")
    with pytest.raises(StudyError, match="is a folder"):
        Study.from_toml(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'[study]\nname = "caf\xe9"')
    with pytest.raises(StudyError, match="line 2: is not UTF-8"):
        Study.from_toml(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(StudyError, match="larger than 1048576 bytes"):
        Study.from_toml(tmp_path / "large.toml")


def test_a_link_out_of_the_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "results").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StudyError, match=r"output\.folder"):
        Study.from_dict({}, home=home)
    (home / "inside").mkdir()
    (home / "link").symlink_to(home / "inside")
    study = Study.from_dict({"output": {"folder": "link"}}, home=home)
    assert study.folder == (home / "inside").resolve()


def test_python_objects_are_checked_alike():
    with pytest.raises(StudyError, match=r"study: training\.epochs: got 0"):
        Study(training={"epochs": 0})
    with pytest.raises(StudyError, match="sections by name"):
        Study.from_dict([])
