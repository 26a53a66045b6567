"""Pictures from a ZIP that anybody may have made."""

import hashlib
import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from engines import imaging
from engines.curation.manifest import HASHES, MANIFEST_FILE, MAX_MANIFEST, manifest_of_text, provenance_in
from engines.curation.provenance import Failure, Fetched, Provenance, now, permission_value
from engines.errors import StudioError

MAX_RATIO = 200
MAX_OWN_MEMBERS = 1_000_000
MAX_OWN_UNPACKED = 64 * 2**30
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, OSError)
MANIFEST_SHARE = 32
"""A manifest may take so small a share of what an archive unpacks to; a megabyte in any case."""
QUIET = (".json", ".csv", ".txt", ".md")


def _refusal(member: zipfile.ZipInfo, pure: PurePosixPath) -> str | None:
    """Why a member is not taken, or None."""
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or ":" in pure.parts[0]:
        return "its name points outside the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a link"
    if member.flag_bits & 1:
        return "it is encrypted"
    if pure.suffix.lower() not in imaging.SUFFIXES:
        return "it is not a JPEG, PNG or WEBP picture"
    if member.file_size > imaging.MAX_BYTES:
        return f"it has more than {imaging.MAX_BYTES // 2**20} MB"
    if member.file_size > MAX_RATIO * max(1, member.compress_size):
        return "it swells more than any picture does"
    return None


def zip_pictures(
    path: Path,
    training_allowed: str = "unknown",
    permission: str = "",
    most_members: int = MAX_OWN_MEMBERS,
    most_unpacked: int = MAX_OWN_UNPACKED,
) -> Iterator[Fetched | Failure]:
    """The pictures of a ZIP that anybody may have made, one after the other, or why one cannot be taken; nothing is unpacked beside it.

    Names in the archive are only shown, never used as paths. Links, members outside the archive's folder, encrypted ones and ones that
    swell more than 200 times are left out; text files beside the pictures are passed over. The class of a picture is the name of the folder
    that it lies in. Pictures of an export keep the record that its manifest has of them, whatever is said here about rights.

    Args:
        most_members, most_unpacked: how many files it may hold, and bytes once unpacked; by default those of a person's own disk.

    Raises:
        StudioError: not a ZIP, too many members, it unpacks to too much, it holds no picture, or a damaged manifest.
    """
    path = Path(path)
    name = path.name[:80]
    said, collected = permission_value(training_allowed, permission), now()
    left, found = most_unpacked, 0
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename and not member.is_dir()]
            if len(members) > most_members:
                raise StudioError(f"{name} holds {len(members):,} files, more than the {most_members:,} allowed: split it")
            records = _records(archive, members, min(MAX_MANIFEST, max(2**20, most_unpacked // MANIFEST_SHARE)))
            for member in members:
                pure = _place(member)
                if pure.name.startswith(".") or "__MACOSX" in pure.parts or pure.suffix.lower() in QUIET:
                    continue
                shown = member.filename[:200]
                left -= member.file_size
                if left < 0:
                    raise StudioError(f"{name} unpacks to more than {most_unpacked / 2**30:.3g} GB: split it")
                refusal = _refusal(member, pure)
                content = None if refusal else _content(archive, member)
                if content is None:
                    yield Failure(shown, refusal or "it is damaged")
                    continue
                found += 1
                own = Provenance("zip", shown, shown, training_allowed=training_allowed, permission=said, collected=collected)
                record = records.get(pure.as_posix()) or records.get(hashlib.sha256(content).hexdigest(), own)
                yield Fetched(content, record, pure.parent.name)
    except OSError as error:
        raise StudioError(f"{path} cannot be read ({error.strerror or error}): name a ZIP with pictures") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise StudioError(f"{name} is not a ZIP or is damaged: pack the pictures again") from error
    if not found:
        raise StudioError(f"{name} holds no picture that can be taken: pack JPEG, PNG or WEBP pictures")


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    """Where a member lies; some that pack on Windows write backslashes."""
    return PurePosixPath(member.filename.replace("\\", "/"))


def _records(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], left: int) -> dict[str, Provenance]:
    """What the manifests of exports in a ZIP say about its pictures, by place and by hash.

    Args:
        left: how many bytes all of them may have.
    """
    found: dict[str, Provenance] = {}
    for member in members:
        place = _place(member)
        if place.name != MANIFEST_FILE:
            continue
        left -= member.file_size
        if left < 0 or member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise StudioError(f"{member.filename[:200]} is larger than the manifest of an export of so many pictures is: take it out")
        text = _content(archive, member)
        if text is None:
            raise StudioError(f"{member.filename[:200]} is damaged, and with it what may be done with the pictures: pack the export again")
        manifest = manifest_of_text(text, member.filename[:200])
        if manifest is not None:
            records = provenance_in(manifest)
            found |= {str(one[key]): records[one["file"]] for one in manifest["pictures"] for key in HASHES if key in one}
            found |= {(place.parent / file).as_posix(): record for file, record in records.items()}
    return found


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | None:
    """What a member holds, read no further than it says; None when it is damaged."""
    try:
        with archive.open(member) as source:
            content = source.read(member.file_size + 1)
    except _DAMAGE:
        return None
    return content if len(content) == member.file_size else None
