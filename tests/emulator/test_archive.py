"""Archives that try to leave their folder, or to fill the disk, are refused."""

import gzip
import io
import tarfile

import pytest

from deploytool.emulator import archive
from deploytool.emulator.archive import Unbuildable, unpack


def packed(*entries):
    """A tar.gz of (name, kind, content or target, mode)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, kind, content, *mode in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, mode[0] if mode else 0o644
            if kind == tarfile.REGTYPE:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            else:
                entry.linkname = content
                tar.addfile(entry)
    return out.getvalue()


FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def test_files_folders_and_links_inside_come_out(tmp_path):
    entries = [
        ("a", FOLDER, ""),
        ("./a/run.sh", FILE, b"x", 0o755),
        ("b/c.txt", FILE, b"y"),
        ("b/l", LINK, "../a/run.sh"),
    ]
    assert unpack(packed(*entries), tmp_path / "out") == 4
    assert (tmp_path / "out/b/l").read_bytes() == b"x"
    assert (tmp_path / "out/a/run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/b/c.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "entries",
    [
        [("/etc/evil", FILE, b"x")],
        [("../evil", FILE, b"x")],
        [("a/../../evil", FILE, b"x")],
        [("evil", LINK, "/etc/passwd")],
        [("evil", LINK, "../outside")],
        [("a/evil", LINK, "../../outside")],
        [("evil", HARD, "/etc/passwd")],
        [("evil", tarfile.CHRTYPE, "")],
        [("evil", tarfile.FIFOTYPE, "")],
        [("a", LINK, "."), ("a/b", LINK, "c/../..")],
        [("d/x", FILE, b""), ("a", LINK, "d"), ("a/b", LINK, "..")],
        [("a", FILE, b"x"), ("a/b", FILE, b"x")],
    ],
)
def test_what_leads_out_is_refused_and_writes_nothing_outside(tmp_path, entries):
    with pytest.raises(Unbuildable):
        unpack(packed(*entries), tmp_path / "inside" / "out")
    assert [path.name for path in tmp_path.iterdir()] in ([], ["inside"])
    assert [path.name for path in (tmp_path / "inside").glob("*")] in ([], ["out"])


def test_a_file_is_never_written_through_a_link(tmp_path):
    (tmp_path / "target").mkdir()
    with pytest.raises(Unbuildable):
        unpack(packed(("a", LINK, "target"), ("a/evil", FILE, b"x"), ("target", FOLDER, "")), tmp_path / "out")
    assert list((tmp_path / "target").iterdir()) == []


def test_a_bomb_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(archive, "MAX_ENTRIES", 10)
    with pytest.raises(Unbuildable, match="too large"):
        unpack(packed(("zeros", FILE, b"\0" * 1_000_001)), tmp_path / "a")
    with pytest.raises(Unbuildable, match="too large"):
        unpack(packed(*[(f"{at}", FILE, b"") for at in range(11)]), tmp_path / "b")
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 50_000_000
    with pytest.raises(Unbuildable, match="too large"):
        unpack(gzip.compress(header.tobuf() + b"\0" * 50_000_000), tmp_path / "c")
    assert not (tmp_path / "a/zeros").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no archive"), packed(("a", FILE, b"x" * 9999))[:60]],
    ids=["empty", "text", "zipped text", "torn"],
)
def test_what_is_no_archive_is_said(tmp_path, content):
    with pytest.raises(Unbuildable, match="not a tar"):
        unpack(content, tmp_path / "out")
