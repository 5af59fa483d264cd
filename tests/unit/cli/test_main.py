import subprocess
import sys

import pytest

from tirek.cli import main


@pytest.mark.parametrize(
    "words", [[], ["bogus"], ["instruments"], ["instruments", "bogus"], ["instruments", "score"]]
)
def test_a_wrong_command_is_refused_in_one_sentence(words, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_help_names_every_group_of_commands(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    assert "instruments" in capsys.readouterr().out


def test_scoring_loads_no_web_framework_no_database_and_no_scipy():
    # A fresh interpreter: this one has loaded them for other tests.
    script = (
        "import sys; from tirek.cli import main; main(['instruments', 'list']);"
        "print(sorted({'flask', 'sqlalchemy', 'celery', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
