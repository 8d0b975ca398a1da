import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from asn1crypto import tsp
from c2pa import Builder
from PIL import Image

from remarque.errors import CredentialsRejected, KeyDamaged
from remarque.marks.credentials.found import Anchors
from remarque.marks.credentials.manifest import (
    ManifestWishes,
    Parent,
    Permission,
    TrainingWish,
    manifest_of,
)
from remarque.marks.credentials.passes import ExaminedFile
from remarque.marks.credentials.reading import read_credentials
from remarque.marks.credentials.settings import (
    SettingsSignerContext,
    context_of,
    signer_of,
    signing_settings,
)
from remarque.marks.credentials.signing import CredentialsRequest, SigningKeys, sign_credentials
from remarque.marks.credentials.wording import describe_credentials
from remarque.marks.xmp import TRAINED, XmpFields
from remarque.model.marks import MarkState
from remarque.outside.loopback_authority import LoopbackAuthority
from stand_ins.expiring_keys import short_lived
from stand_ins.openssl_authority import openssl_authority
from stand_ins.samples import SAMPLES, sample

FIELDS = XmpFields(
    creators=("李某",),
    rights="© 李某",
    ai_system="Forge",
    digital_source_type=TRAINED,
    work="w-1",
    commitment="sha256:" + "0" * 64,
)
WISHES = ManifestWishes("Night", "Remarque", "0.1", FIELDS, generator="Forge", edits=("drawn",))
KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
EXPECTED = {"Valid": MarkState.INTACT, "Trusted": MarkState.TRUSTED, "Invalid": MarkState.BROKEN}


def picture(media_type: str = "image/png") -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, KINDS[media_type])
    return file.getvalue()


def signed(keys: SigningKeys, wishes: ManifestWishes = WISHES, tsa_url: str = "") -> bytes:
    return sign_credentials(
        picture(), "image/png", CredentialsRequest(wishes, keys, tsa_url)
    ).content


def from_manifest() -> list:
    path = SAMPLES / "MANIFEST.json"
    files = json.loads(path.read_text()) if path.exists() else {"files": []}
    return [
        pytest.param(entry, id=entry["path"].rpartition("/")[2])
        for entry in files["files"]
        if "c2pa_python_0_38" in entry
    ]


@pytest.mark.parametrize("entry", from_manifest())
def test_pictures_signed_by_others_read_as_the_library_alone_reads_them(entry):
    content = sample(entry["path"]).read_bytes()
    said = entry["c2pa_python_0_38"]
    found = read_credentials(content, "image/jpeg")
    if "error" in said:
        assert found.state is MarkState.BROKEN
        assert said["error"] in found.problem
        return
    assert found.state is EXPECTED[said["state"]]
    identity = {code for who in found.identities for code in who.codes if "untrusted" in code}
    assert {*found.failures, *identity} == set(said["failures"])
    assert found.signer == said["cert_cn"]
    assert found.time == (said["signed"] or "")
    assert len(found.ingredients) == said["ingredients"]
    assert list(found.actions) == [action.partition(" ")[0] for action in said["actions"]]


def test_the_test_roots_make_the_test_signer_known_and_nobody_else():
    roots = sample("c2pa/trust/test_cert_root_bundle.pem").read_text()
    anchors = Anchors(claims=roots)
    known = sample("c2pa/c2pa-rs/C_with_CAWG_data.jpg").read_bytes()
    other = sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes()
    found = read_credentials(known, "image/jpeg", anchors)
    assert found.state is MarkState.TRUSTED
    assert [who.state for who in found.identities] == [MarkState.INTACT]
    assert read_credentials(other, "image/jpeg", anchors).state is MarkState.INTACT
    by_identity = read_credentials(known, "image/jpeg", Anchors(identities=roots))
    assert by_identity.state is MarkState.INTACT
    assert [who.state for who in by_identity.identities] == [MarkState.TRUSTED]


def test_an_old_timestamp_nobody_vouched_for_is_not_trusted():
    """Version 1 claims: the library calls any timestamp in them trusted."""
    content = sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes()
    roots = sample("c2pa/trust/test_cert_root_bundle.pem").read_text()
    for anchors in (Anchors(), Anchors(timestamps=roots)):
        assert read_credentials(content, "image/jpeg", anchors).timestamp is MarkState.INTACT


@pytest.mark.parametrize("media_type", KINDS)
def test_what_was_signed_is_read_back(media_type, author):
    request = CredentialsRequest(WISHES, author.keys)
    content = sign_credentials(picture(media_type), media_type, request).content
    found = read_credentials(content, media_type, Anchors(own_root=author.root))
    assert (found.state, found.own) == (MarkState.TRUSTED, True)
    assert found.claim_generator == "Remarque 0.1"
    assert found.actions == ("c2pa.created", "c2pa.edited")
    assert found.source_types == (TRAINED,)
    assert found.record == {"work": "w-1", "commitment": FIELDS.commitment}
    assert found.metadata["dc:creator"] == ["李某"]
    assert "Iptc4xmpExt:AIPromptInformation" not in found.metadata
    assert [(who.name, who.state) for who in found.identities] == [("李某", MarkState.TRUSTED)]
    assert found.timestamp is MarkState.ABSENT
    assert "the author's own certificate" in describe_credentials(found)


def test_to_somebody_else_the_signer_is_intact_and_not_known(author, stranger):
    content = signed(author.keys)
    for anchors in (Anchors(), Anchors(own_root=stranger.root, claims=stranger.root)):
        found = read_credentials(content, "image/png", anchors)
        assert (found.state, found.own) == (MarkState.INTACT, False)
        assert [who.state for who in found.identities] == [MarkState.INTACT]


def test_roots_believed_for_one_purpose_are_not_believed_for_another(author):
    content = signed(author.keys)
    by_stamps = read_credentials(content, "image/png", Anchors(timestamps=author.root))
    assert by_stamps.state is MarkState.INTACT
    by_persons = read_credentials(content, "image/png", Anchors(identities=author.root))
    assert by_persons.state is MarkState.INTACT
    assert [who.state for who in by_persons.identities] == [MarkState.TRUSTED]
    by_claims = read_credentials(content, "image/png", Anchors(claims=author.root))
    assert by_claims.state is MarkState.TRUSTED
    assert [who.state for who in by_claims.identities] == [MarkState.INTACT]


def test_an_ingredients_identity_does_not_vouch_for_the_picture(author, stranger):
    parent = Parent(signed(stranger.keys), "image/png")
    content = signed(author.keys, replace(WISHES, parent=parent))
    found = read_credentials(content, "image/png", Anchors(identities=stranger.root))
    assert [(who.name, who.state) for who in found.identities] == [("李某", MarkState.INTACT)]


def test_no_change_anywhere_makes_the_credentials_say_something_else(author):
    content = signed(author.keys)
    whole = read_credentials(content, "image/png")
    for at in range(40, len(content), len(content) // 60):
        changed = bytes(content[:at]) + bytes([content[at] ^ 1]) + bytes(content[at + 1 :])
        found = read_credentials(changed, "image/png")
        # Padding in the signature box is covered by nothing, and says nothing.
        assert found.state in (MarkState.BROKEN, MarkState.ABSENT) or found == whole, at
        if found.state is MarkState.BROKEN:
            assert all(who.state is MarkState.BROKEN for who in found.identities)


def test_credentials_over_other_pixels_say_that_the_file_was_changed(author):
    content = signed(author.keys) + b"more"
    found = read_credentials(content, "image/png", Anchors(own_root=author.root))
    assert (found.state, found.own) == (MarkState.BROKEN, False)
    assert "changed after it was signed" in describe_credentials(found)


def test_somebodys_credentials_are_kept_as_the_parent(author):
    parent = Parent(sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes(), "image/jpeg")
    content = signed(author.keys, replace(WISHES, parent=parent))
    found = read_credentials(content, "image/png", Anchors(own_root=author.root))
    assert found.state is MarkState.TRUSTED
    assert found.actions[0] == "c2pa.opened"
    (ingredient,) = found.ingredients
    assert ingredient.relationship == "parentOf"
    assert ingredient.has_credentials
    assert set(ingredient.failures) == {"signingCredential.untrusted"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("c2pa-rs/XCA.jpg", "assertion.dataHash.mismatch"),
        ("c2pa-rs/E-sig-CA.jpg", "claimSignature.mismatch"),
        ("bing_image_creator/bing_creator_cloud_surfing_puppy.jpg", "signingCredential.invalid"),
    ],
)
def test_a_broken_parent_is_kept_with_what_is_wrong_about_it(name, code, author):
    parent = Parent(sample(f"c2pa/{name}").read_bytes(), "image/jpeg")
    content = signed(author.keys, replace(WISHES, parent=parent))
    found = read_credentials(content, "image/png")
    assert found.state is MarkState.INTACT
    assert code in found.ingredients[0].failures


class FixedClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class LyingAuthority(LoopbackAuthority):
    """Answers another request than the one it got."""

    lie = "nonce"

    def answer(self, request: bytes) -> bytes:
        query = tsp.TimeStampReq.load(request)
        if self.lie == "nonce":
            query["nonce"] = (query["nonce"].native or 0) ^ 1
        else:
            digest = query["message_imprint"]["hashed_message"].native
            query["message_imprint"]["hashed_message"] = digest[::-1]
        return super().answer(query.dump(force=True))


def test_a_timestamp_is_as_good_as_the_authority(author):
    with LoopbackAuthority(FixedClock(datetime.now(UTC))) as authority:
        request = CredentialsRequest(WISHES, author.keys, authority.url)
        result = sign_credentials(picture(), "image/png", request)
    assert (result.timestamped, result.problem) == (True, "")
    root = authority.root_pem.decode()
    unknown = read_credentials(result.content, "image/png", Anchors(own_root=author.root))
    assert unknown.timestamp is MarkState.INTACT
    assert unknown.time.startswith("20")
    known = read_credentials(result.content, "image/png", Anchors(timestamps=root))
    assert (known.timestamp, known.state) == (MarkState.TRUSTED, MarkState.INTACT)


@pytest.mark.parametrize("lie", ["nonce", "hash", "time"])
def test_a_lying_authority_is_found_out(lie, author):
    lying = LyingAuthority(FixedClock(datetime.now(UTC)))
    lying.lie = lie
    if lie == "time":
        lying = LoopbackAuthority(FixedClock(datetime(2011, 1, 1, tzinfo=UTC)))
    with lying as authority:
        request = CredentialsRequest(WISHES, author.keys, authority.url)
        result = sign_credentials(picture(), "image/png", request)
        assert authority.url in result.problem
    assert not result.timestamped
    assert read_credentials(result.content, "image/png").timestamp is MarkState.ABSENT


@pytest.mark.parametrize("variant", ["expired", "rejection", "garbage", "http-500"])
def test_a_timestamp_that_does_not_check_out_is_left_out_and_said(variant, author):
    with openssl_authority(variant) as authority:
        request = CredentialsRequest(WISHES, author.keys, authority.url)
        result = sign_credentials(picture(), "image/png", request)
    assert not result.timestamped
    assert authority.url in result.problem
    found = read_credentials(result.content, "image/png")
    assert (found.state, found.timestamp) == (MarkState.INTACT, MarkState.ABSENT)


def test_a_dead_authority_is_said(author):
    request = CredentialsRequest(WISHES, author.keys, "http://127.0.0.1:9/")
    result = sign_credentials(picture(), "image/png", request)
    assert not result.timestamped
    assert "127.0.0.1:9" in result.problem


@pytest.mark.slow
def test_an_expired_certificate_is_saved_by_a_trusted_timestamp_alone(author):
    keys = short_lived(author)
    root = "-----BEGIN" + keys.claim_chain.rpartition("-----BEGIN")[2]
    with LoopbackAuthority(FixedClock(datetime.now(UTC))) as authority:
        stamped = signed(keys, tsa_url=authority.url)
    bare = signed(keys)
    stamps = authority.root_pem.decode()
    time.sleep(6)

    lost = read_credentials(bare, "image/png", Anchors(own_root=root, timestamps=stamps))
    assert lost.state is MarkState.BROKEN
    assert "expired" in describe_credentials(lost)
    unknown = read_credentials(stamped, "image/png", Anchors(own_root=root))
    assert (unknown.state, unknown.timestamp) == (MarkState.BROKEN, MarkState.INTACT)
    stranger = read_credentials(stamped, "image/png", Anchors(timestamps=stamps))
    assert (stranger.state, stranger.timestamp) == (MarkState.INTACT, MarkState.TRUSTED)
    saved = read_credentials(stamped, "image/png", Anchors(own_root=root, timestamps=stamps))
    assert (saved.state, saved.own) == (MarkState.TRUSTED, True)


def test_no_machine_may_train_unless_the_author_says_so(author):
    for wish, expected in ((TrainingWish(), "notAllowed"), (allowing_inference(), "allowed")):
        content = signed(author.keys, replace(WISHES, training=wish))
        (body,) = assertions(content, "cawg.training-mining")
        assert body["entries"]["cawg.ai_inference"]["use"] == expected
        assert body["entries"]["cawg.ai_generative_training"]["use"] == "notAllowed"


def allowing_inference() -> TrainingWish:
    return TrainingWish(ai_inference=Permission.ALLOWED)


def assertions(content: bytes, label: str) -> list:
    manifest = ExaminedFile(content, "image/png").examine().manifest
    return [one["data"] for one in manifest["assertions"] if one["label"] == label]


def test_the_person_vouches_for_the_record_the_metadata_and_the_pixels(author):
    (body,) = assertions(signed(author.keys), "cawg.identity")
    named = {
        one["url"].rpartition("/")[2] for one in body["signer_payload"]["referenced_assertions"]
    }
    assert named == {
        "cawg.metadata",
        "cawg.training-mining",
        "org.remarque.record",
        "c2pa.hash.data",
    }


def test_no_thumbnail_makes_the_picture_grow(author):
    assert len(signed(author.keys)) - len(picture()) < 20_000


@pytest.mark.parametrize("whose", ["claim", "identity"])
def test_keys_and_chains_that_do_not_fit_are_refused(whose, author, stranger):
    chain, key = f"{whose}_chain", f"{whose}_key_pem"
    for wrong in (
        {chain: getattr(stranger.keys, chain)},
        {chain: "no certificate"},
        {key: b"no key"},
    ):
        with pytest.raises(KeyDamaged, match="Content Credentials"):
            signed(replace(author.keys, **wrong))
    assert "PRIVATE" not in repr(author.keys)


def test_what_is_no_picture_cannot_be_signed(author):
    with pytest.raises(CredentialsRejected, match="cannot be made"):
        sign_credentials(b"no picture", "image/png", CredentialsRequest(WISHES, author.keys))


def test_credentials_kept_elsewhere_are_not_fetched(author):
    with openssl_authority("garbage") as elsewhere:
        content = pointing_at(elsewhere.url + "manifest.c2pa", author)
        found = read_credentials(content, "image/png")
        assert found.state is MarkState.UNDECIDED
        assert elsewhere.url in found.problem
        assert elsewhere.received == []


def pointing_at(url: str, author) -> bytes:
    keys = author.keys
    claim = signer_of(keys.claim_key_pem, keys.claim_chain)
    identity = signer_of(keys.identity_key_pem, keys.identity_chain)
    identity["referenced_assertions"] = []
    file = io.BytesIO()
    with (
        context_of(signing_settings(claim, identity)) as context,
        Builder(manifest_of(WISHES, "image/png"), SettingsSignerContext(context)) as builder,
    ):
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign("image/png", io.BytesIO(picture()), file)
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"jumb c2pa", picture()[:90]])
def test_what_carries_nothing_readable_is_a_state(content):
    assert read_credentials(content, "image/png").state in (MarkState.ABSENT, MarkState.BROKEN)
    assert read_credentials(content, "image/bmp").state is MarkState.ABSENT


def test_many_signatures_in_a_row_each_carry_the_one_before(author):
    generations = [signed(author.keys)]
    for _ in range(2):
        parent = Parent(generations[-1], "image/png")
        generations.append(signed(author.keys, replace(WISHES, parent=parent)))
    for before, after in pairwise(generations):
        assert len(after) > len(before)
    last = read_credentials(generations[-1], "image/png", Anchors(own_root=author.root))
    assert last.state is MarkState.TRUSTED
    assert last.ingredients[0].failures == ("signingCredential.untrusted",)
