import json
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.parts.regret import EVALUATIONS, play
from bench.parts.rounds import done, rotated
from bench.problems import PROBLEMS, draw
from bench.records import Records
from bench.tools import TOOLS, Laboratory
from bench.worker import ROOT, Answer, Worker, WorkerFault
from harness.__main__ import main


def test_records_are_appended_and_survive_a_torn_line(tmp_path):
    records = Records(tmp_path / "new", "part")
    assert list(records) == []
    records.append({"cell": 1})
    with records.path.open("a") as file:
        file.write('{"cell": 2, "to')
    records.append({"cell": 3})
    assert [record["cell"] for record in records] == [1, 3]
    assert records.matching(cell=3, part="part")[0]["machine"]["cpus"] >= 1
    assert records.matching(cell=3, part="other") == []


def test_a_round_counts_if_it_has_all_tools_and_this_version_of_ours(tmp_path):
    records = Records(tmp_path, "part")
    records.append({"cell": {"n": 1}, "ours": "v1", "tools": {"ours": {}, "a": {}}})
    records.append({"cell": {"n": 1}, "ours": "v2", "tools": {"ours": {}, "a": {}}})
    records.append({"cell": {"n": 1}, "ours": "v2", "tools": {"ours": {}}, "left_out": {"a": "too slow"}})
    records.append({"cell": {"n": 1}, "ours": "v2", "tools": {"a": {}}, "left_out": {"ours": "broke"}})
    assert len(done(records, {"n": 1}, ["ours", "a"], "v2")) == 2
    assert len(done(records, {"n": 1}, ["ours", "a", "b"], "v2")) == 0
    assert len(done(records, {"n": 2}, ["ours"], "v2")) == 0


def test_every_tool_comes_first_once():
    assert [rotated(["a", "b", "c"], index)[0] for index in range(4)] == ["a", "b", "c", "a"]
    assert rotated([], 3) == []


class Watched:
    """Stands for a tool's process: random suggestions; keeps count of the trials that are out."""

    def __init__(self, space):
        self._space, self._generator = space, random.Random(0)
        self.out, self.most_out, self.told = [], 0, []

    def call(self, method, **arguments):
        result = None
        if method == "ask":
            token = len(self.out) + len(self.told)
            self.out.append(token)
            self.most_out = max(self.most_out, len(self.out))
            result = [token, draw(self._space, self._generator)]
        elif method == "recommend":
            result = self.recommended = draw(self._space, self._generator)
        elif method == "tell":
            self.out.remove(arguments["token"])
            self.told.append(arguments)
        return Answer(result, 0.25, 0.5)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_run_keeps_its_workers_busy_and_ends_out_of_order(workers):
    problem = PROBLEMS["mixed6"]
    watched = Watched(problem.space)
    run = play(watched, TOOLS["ours"], problem, workers, seed=3)
    order = [one["token"] for one in watched.told]
    assert watched.most_out == workers and not watched.out
    assert sorted(order) == list(range(EVALUATIONS))
    assert (order == sorted(order)) is (workers == 1)
    assert run.improvements[-1][1] == pytest.approx(min(one["value"] for one in watched.told), rel=1e-5)
    assert (run.wall, run.cpu) == (0.25 * 2 * EVALUATIONS, 0.5 * 2 * EVALUATIONS)
    assert run.recommended == {}


def test_noise_is_told_but_not_recorded():
    problem = PROBLEMS["hartmann6+0.1"]
    watched = Watched(problem.space)
    run = play(watched, TOOLS["ours"], problem, 1, seed=0)
    assert min(one["value"] for one in watched.told) != pytest.approx(run.improvements[-1][1], rel=1e-3)
    assert set(run.recommended) == {30, 60}
    assert run.recommended[60]["observed"] >= run.improvements[-1][1] - 1e-6
    assert run.recommended[60]["model"] == problem.function(watched.recommended)
    assert "model" not in play(Watched(problem.space), TOOLS["optuna-gp"], problem, 1, seed=0).recommended[30]


def test_a_tool_that_fails_or_hangs_is_reported():
    python = Path(sys.executable)
    with pytest.raises(WorkerFault, match=r"bench\.peers\.nothing"):
        Worker(python, "bench.peers.nothing:Tool")
    with Worker(python, "json:JSONDecoder") as worker:
        with pytest.raises(WorkerFault, match="JSONDecodeError"):
            worker.call("new")
            worker.call("decode", s="{")
        assert worker.call("decode", s="[1]").result == [1]
    with Worker(python, "threading:Event", patience=5.0) as worker:
        worker.call("new")
        with pytest.raises(WorkerFault, match="no answer within 5 s"):
            worker.call("wait")


def test_a_tool_ends_with_its_campaign():
    code = "import sys; from pathlib import Path; from bench.worker import Worker\n"
    code += "worker = Worker(Path(sys.executable), 'threading:Event'); worker.call('new')\n"
    code += "print(worker._process.pid, flush=True); worker.call('wait')"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as campaign:
        tool = psutil.Process(int(campaign.stdout.readline()))
        campaign.kill()
    _, alive = psutil.wait_procs([tool], timeout=20)
    assert not alive


def test_what_runs_in_the_tools_environments_needs_none_of_ours():
    code = "import sys, bench.peers.serve, bench.problems; sys.exit(bool({'numpy', 'harness'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_tool_without_environment_is_left_out_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HPO_BENCH_ENVIRONMENTS", str(tmp_path / "file" / "within"))
    (tmp_path / "file").write_text("")
    said = []
    laboratory = Laboratory(said.append)
    assert list(laboratory.available(TOOLS, ["ours", "ax", "ax", "unknown"])) == ["ours"]
    assert len([line for line in said if line.startswith("left out: the environment of ax cannot be made")]) == 1


def test_unknown_names_are_usage_errors(capsys):
    assert main(["bench", "--tools", "optuna-pg", "--only", "regrets"]) == 2
    said = capsys.readouterr().err
    assert "optuna-gp" in said and "regret" in said


def test_a_small_campaign_makes_a_page_and_is_not_repeated(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bench.main._say", print)
    command = ["bench", "--quick", "--out", str(tmp_path), "--tools", "ours", "random"]
    command += ["--only", "searchers", "mobster", "simulator", "regret"]
    assert main(command) == 0
    page = (tmp_path / "README.md").read_text()
    for title in ("## Seconds of a suggestion", "MOBSTER", "## Simulated experiments", "#### branin"):
        assert title in page
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["regret"][0]["tools"]["ours"]["at 60"]["count"] == 1
    assert (tmp_path / "regret.svg").read_text().startswith("<?xml")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines() == [f"written: {tmp_path / 'README.md'}"]  # no peer, no ratio
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
