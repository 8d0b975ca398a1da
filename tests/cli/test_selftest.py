"""The vectors that ship in the package are what this installation computes."""

from stand_ins.command import run


def test_every_published_vector_agrees():
    done = run("selftest", "--json")
    report = done.line()
    assert done.code == 0
    assert [check["name"] for check in report["checks"]] == [
        "entry_v1",
        "keys_v1",
        "checkpoint",
        "pdq_v1",
    ]
    assert report["outcome"] == "holds"
