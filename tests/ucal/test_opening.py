"""Opening images that nobody vouches for."""

import io
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from tests.pictures import encoded, noise, png_header, put
from ucal.datasets import opening, sources
from ucal.datasets.opening import bad_images, encode_jpeg, load_pixels, open_image, probe
from ucal.errors import BadImageError, InterruptedRun
from ucal.types import Image

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>'
BROKEN = {
    "a cut JPEG": (noise()[:-700], "damaged or cut off"),
    "a cut PNG": (noise(kind="PNG")[:-700], "damaged or cut off"),
    "a JPEG of three bytes": (b"\xff\xd8\xff", "damaged or cut off"),
    "a huge PNG header": (png_header(50_000, 50_000), "too large"),
    "a long thin PNG": (png_header(20_000, 10), "too large: 20000 x 10"),
    "a PNG over the pixels": (png_header(9_000, 9_000), "too large: 9000 x 9000"),
    "a text": ("plain words, naïve ones\n".encode(), "not an image.*the content is a text"),
    "a page": (b"<html><body>404</body></html>", "not an image"),
    "bytes": (bytes(range(256)) * 4, "not an image.*something else"),
    "nothing": (b"", "the file is empty"),
    "an SVG": (SVG, "SVG is refused"),
    "an EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not an image"),
}


def file(tmp_path, content, name="picture.jpg"):
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def image(key, path):
    return Image(key=key, path=str(path))


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_or_hostile_is_refused_with_its_reason(tmp_path, content, reason):
    path = file(tmp_path, content)
    for door in (open_image, probe, lambda p: encode_jpeg(p, 64)):
        with pytest.raises(BadImageError, match=reason) as caught:
            door(path)
        assert "\n" not in str(caught.value)
    assert len(bad_images([image("k", path)])) == 1


def test_a_missing_file_and_a_folder_are_bad_images(tmp_path):
    with pytest.raises(BadImageError, match="no such file"):
        open_image(str(tmp_path / "none.jpg"))
    with pytest.raises(BadImageError, match="cannot be read"):
        open_image(str(tmp_path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]))
def test_damaged_bytes_open_or_are_bad_images_but_never_anything_else(tmp_path, seed, changes, kind):
    content = bytearray(noise(kind=kind))
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(content), changes):
        content[place] = rng.integers(0, 256)
    path = file(tmp_path, bytes(content))
    try:
        opened = open_image(path)
    except BadImageError:
        return
    assert opened.mode == "RGB"


def test_a_file_over_the_byte_limit_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    with pytest.raises(BadImageError, match="too large"):
        open_image(file(tmp_path, noise()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(tmp_path, orientation):
    stored = Pillow.new("RGB", (40, 20), "white")
    stored.paste("black", (0, 0, 20, 10))  # the stored top left
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    path = str(tmp_path / "turned.png")
    upright = open_image(path)
    expected_size = (20, 40) if orientation >= 5 else (40, 20)
    assert upright.size == probe(path) == expected_size
    corner = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    dark = [
        (x, y)
        for x in (0, 1)
        for y in (0, 1)
        if upright.getpixel((x * (upright.width - 1), y * (upright.height - 1))) == (0, 0, 0)
    ]
    assert dark == [corner]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_exif_block_does_not_cost_the_picture(tmp_path):
    path = file(tmp_path, encoded(exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 40))
    assert open_image(path).size == (24, 48)


def test_sixteen_bit_grey_keeps_its_shades(tmp_path):
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16).reshape(16, 16)
    Pillow.fromarray(ramp).save(tmp_path / "deep.png")
    opened = np.asarray(open_image(str(tmp_path / "deep.png")))[..., 0]
    assert (opened.min(), opened.max()) == (0, 255)
    assert np.abs(opened.astype(int) - (ramp >> 8)).max() == 0


@pytest.mark.parametrize(
    ("mode", "kind", "colour", "expected"),
    [
        ("CMYK", "JPEG", (0, 255, 255, 0), (254, 0, 0)),
        ("L", "PNG", 77, (77, 77, 77)),
        ("1", "PNG", 1, (255, 255, 255)),
        ("RGBA", "PNG", (255, 0, 0, 0), (128, 128, 128)),
        ("RGBA", "PNG", (255, 0, 0, 255), (255, 0, 0)),
        ("LA", "PNG", (0, 0), (128, 128, 128)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb_on_grey(tmp_path, mode, kind, colour, expected):
    opened = open_image(file(tmp_path, encoded(mode, kind=kind, colour=colour)))
    assert opened.mode == "RGB"
    assert np.abs(np.array(opened.getpixel((5, 5))) - np.array(expected)).max() <= 3


def test_a_palette_with_a_transparent_colour_is_laid_on_grey(tmp_path):
    picture = Pillow.new("P", (8, 8), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((0, 0), 1)
    picture.save(tmp_path / "palette.png", transparency=0)
    opened = open_image(str(tmp_path / "palette.png"))
    assert opened.getpixel((5, 5)) == (128, 128, 128)
    assert opened.getpixel((0, 0)) == (0, 255, 0)


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Pillow.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert open_image(str(tmp_path / "moving.gif")).getpixel((1, 1)) == (255, 0, 0)


def test_floating_point_pixels_are_refused(tmp_path):
    Pillow.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(BadImageError, match="floating-point"):
        open_image(str(tmp_path / "float.tif"))


def test_a_zip_member_and_an_array_row_open_like_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a/red.png", encoded(kind="PNG", colour="red"))
    assert open_image(f"{tmp_path}/set.zip::a/red.png").getpixel((0, 0)) == (255, 0, 0)
    pictures = np.zeros((3, 2, 6, 4), bool)
    pictures[2, 1] = True
    np.savez_compressed(tmp_path / "rows.npz", images=pictures)
    white, black = (open_image(f"{tmp_path}/rows.npz::{row}") for row in (5, 4))
    assert white.size == (4, 6)
    assert (white.getpixel((0, 0)), black.getpixel((0, 0))) == ((255, 255, 255), (0, 0, 0))


@pytest.mark.parametrize("inside", ["none.png", "set.zip::none.png", "rows.npz::6", "rows.npz::x", "no.zip::a"])
def test_a_member_or_row_that_is_not_there_is_a_bad_image(tmp_path, inside):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.png", encoded(kind="PNG"))
    np.savez(tmp_path / "rows.npz", images=np.zeros((3, 2, 4, 4), bool))
    with pytest.raises(BadImageError):
        open_image(f"{tmp_path}/{inside}")


def test_an_array_of_objects_is_refused_not_unpickled(tmp_path):
    np.savez(tmp_path / "objects.npz", images=np.array([[[{}]]], dtype=object))
    with pytest.raises(BadImageError, match="expected bool or uint8"):
        open_image(f"{tmp_path}/objects.npz::0")


def test_a_member_with_a_wrong_sum_is_a_bad_image(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.jpg", noise())
    content = bytearray((tmp_path / "set.zip").read_bytes())
    content[400] ^= 0xFF
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(BadImageError, match="cannot be read"):
        open_image(f"{tmp_path}/set.zip::a.jpg")


def test_pixels_come_in_order_at_the_size_asked_for(tmp_path):
    colours = [(10 * n, 0, 255 - 10 * n) for n in range(20)]
    images = [
        image(f"{n}", file(tmp_path, encoded(kind="PNG", colour=colour), f"{n}.png"))
        for n, colour in enumerate(colours)
    ]
    pixels, bad = load_pixels(images, 16, 8)
    assert (pixels.shape, pixels.dtype, bad) == ((20, 16, 8, 3), np.uint8, ())
    assert [tuple(colour) for colour in pixels[:, 7, 3].tolist()] == colours


def test_bad_images_are_grey_and_named_and_the_others_are_there(tmp_path):
    put(tmp_path, "good.jpg")
    put(tmp_path, "cut.jpg", content=noise()[:-700])
    pixels, bad = load_pixels([image("cut", tmp_path / "cut.jpg"), image("good", tmp_path / "good.jpg")], 8, 4)
    assert [file.path for file in bad] == ["cut"]
    assert "damaged or cut off" in bad[0].reason
    assert (pixels[0] == 128).all()
    assert (pixels[1] == 0).all()


def test_a_large_photograph_looks_the_same_when_decoded_at_a_fraction(tmp_path):
    x, y = np.meshgrid(np.linspace(0, 255, 1200), np.linspace(0, 255, 1600))
    picture = Pillow.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))
    picture.save(tmp_path / "large.jpg", quality=95)
    pixels, _ = load_pixels([image("large", tmp_path / "large.jpg")], 64, 32)
    plain = np.asarray(Pillow.open(tmp_path / "large.jpg").resize((32, 64), Pillow.Resampling.BICUBIC))
    assert np.abs(pixels[0].astype(int) - plain).max() <= 4


def test_no_images_give_an_empty_array():
    pixels, bad = load_pixels([], 8, 4)
    assert (pixels.shape, bad) == ((0, 8, 4, 3), ())


def test_an_interruption_is_heard_between_batches(tmp_path):
    images = [image("a", file(tmp_path, encoded()))] * 600
    heard = []

    def stop():
        if len(heard) == 1:
            raise InterruptedRun("pause")

    with pytest.raises(InterruptedRun):
        load_pixels(images, 8, 4, sink=heard.append, check=stop)
    assert [event.values["done"] for event in heard] == [256]


def test_a_thumbnail_has_the_size_asked_for_and_no_metadata(tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 22.0, 0.0)  # a position
    Pillow.new("RGB", (400, 200), "red").save(tmp_path / "trip.jpg", exif=exif, comment=b"home", icc_profile=b"x" * 200)
    content = encode_jpeg(str(tmp_path / "trip.jpg"), 100)
    with Pillow.open(io.BytesIO(content)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (50, 100))
        assert not thumbnail.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(thumbnail.info)
    assert b"home" not in content


def test_a_small_picture_is_not_blown_up(tmp_path):
    content = encode_jpeg(file(tmp_path, encoded(size=(30, 20))), 256)
    assert Pillow.open(io.BytesIO(content)).size == (30, 20)


def test_only_formats_of_pictures_are_tried():
    Pillow.init()
    assert set(opening.FORMATS) <= set(Pillow.OPEN)
    assert not {"EPS", "PDF", "PSD", "WMF", "FLI"} & set(opening.FORMATS)


def test_a_tiff_that_points_outside_itself_is_a_bad_image(tmp_path):
    header = b"II*\0" + struct.pack("<I", 0xFFFFFFF0)
    with pytest.raises(BadImageError):
        open_image(file(tmp_path, header + b"\0" * 64, "odd.tif"))


def test_reading_and_opening_data_loads_no_torch():
    code = "import sys, ucal.datasets, ucal.evaluation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_large_decoded_images_lie_in_a_nameless_file_with_the_same_content(tmp_path, monkeypatch):
    images = [image(f"{row}.png", file(tmp_path, noise(kind="PNG"), f"{row}.png")) for row in range(3)]
    (tmp_path / "1.png").write_bytes(b"broken")
    inside, bad = load_pixels(images, 4, 4)
    monkeypatch.setattr(opening, "MAPPED_ABOVE", 10)
    mapped, bad_mapped = load_pixels(images, 4, 4, folder=tmp_path / "run")
    assert isinstance(mapped, np.memmap)
    assert not isinstance(inside, np.memmap)
    np.testing.assert_array_equal(inside, mapped)
    assert bad == bad_mapped
    assert (mapped[1] == 128).all()
    assert list((tmp_path / "run").iterdir()) == []
