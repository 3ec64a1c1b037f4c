"""Writes .npy files for test_npy.c: sound ones by NumPy with their values as raw bytes, and odd ones with the verdict we want.

usage: npy_oracle.py FOLDER
sound.txt: file, dtype, 1 where numpy.save would write the same bytes for the array in C order, extents
odd.txt:   file, verdict (ok, format, unsupported), words that the message must have
"""
import io
import itertools
import os
import struct
import sys

import numpy as np
from numpy.lib import format as npy

DTYPES = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16".split()
SHAPES = [(), (5,), (0,), (3, 4), (2, 3, 4), (3, 0, 2), (1, 1), (7, 1, 3), (2, 3, 2, 2), (1,) * 32]


def values(code, shape):
    n = int(np.prod(shape, dtype=np.int64))
    bits = np.random.default_rng(n).integers(0, 256, n * 16, dtype=np.uint8)
    kind = np.dtype(code)
    if code == "b1":
        return (bits[:n] & 1).astype(bool).reshape(shape)
    if kind.kind in "fc":
        real = np.arange(n * 2, dtype=np.float64) * 1.25 - 3
        return (real[:n] + (1j * real[n:] if kind.kind == "c" else 0)).astype(kind).reshape(shape)
    return bits[: n * kind.itemsize].view(kind)[:n].reshape(shape)


def sound(folder):
    index = open(os.path.join(folder, "sound.txt"), "w")
    count = 0
    for code, shape, order, end in itertools.product(DTYPES, SHAPES, "CF", "<>"):
        version = (count % 3 + 1, 0)
        name = "sound%04d" % count
        count += 1
        native = values(code, shape)
        array = np.asarray(native.astype(np.dtype(code).newbyteorder(end)), order=order)
        with open(os.path.join(folder, name + ".npy"), "wb") as f:
            npy.write_array(f, array, version=version)
        native.tofile(os.path.join(folder, name + ".raw"))
        np.save(os.path.join(folder, name + ".want.npy"), np.ascontiguousarray(native).reshape(shape))
        print(name, np.dtype(code).name, len(shape), *shape, file=index)


def file_of(text, data=64, version=1, newline=True, magic=b"\x93NUMPY"):
    if isinstance(text, str):
        text = text.encode("latin1")
    if newline:
        text += b" " * (-(len(text) + 11) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return magic + bytes([version, 0]) + length + text + bytes(data)


def header(descr="'<f8'", fortran="False", shape="(8,)"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)


def odd_cases():
    """name, bytes, verdict, words"""
    h = header
    good = file_of(h())
    # the prefix
    yield "empty", b"", "format", "empty"
    yield "short_magic", b"\x93NUM", "format", "NumPy"
    yield "other_magic", b"\x94NUMPY\x01\x00v\x00", "format", "begins with 94"
    yield "only_magic", b"\x93NUMPY", "format", "version"
    yield "no_length", b"\x93NUMPY\x01\x00", "format", "length"
    yield "half_length", b"\x93NUMPY\x02\x00v\x00", "format", "length"
    for major, minor in [(0, 0), (0, 1), (1, 1), (2, 2), (4, 0), (255, 255)]:
        yield "version_%d_%d" % (major, minor), good[:6] + bytes([major, minor]) + good[8:], "format", "version %d.%d" % (major, minor)
    yield "zip", b"PK\x03\x04" + bytes(60), "format", ".npz"
    yield "pickle", b"\x80\x04\x95" + bytes(60), "format", "pickle"
    yield "netcdf3", b"CDF\x01" + bytes(60), "format", "netCDF"
    yield "text", b"hello, world", "format", "begins with 68 65"
    yield "length_4G", b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100), "format", "4294967295"
    yield "length_beyond", b"\x93NUMPY\x01\x00\x00\x10" + bytes(100), "format", "4096 bytes, the file has 100"
    yield "length_2M", file_of(h() + " " * (2 << 20), version=2), "format", "limit"
    yield "length_100k", file_of(h() + " " * 100000, version=2), "ok", ""
    yield "cut_header", good[:40], "format", "the file has 30 left"
    # accepted spellings
    yield "good", good, "ok", ""
    yield "version_2", file_of(h(), version=2), "ok", ""
    yield "version_3", file_of(h(), version=3), "ok", ""
    yield "no_newline", file_of(h(), newline=False), "ok", ""
    yield "trailing_data", file_of(h(), data=200), "ok", ""
    yield "key_order", file_of("{'shape': (8,), 'fortran_order': True, 'descr': '<f8'}"), "ok", ""
    yield "no_last_comma", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (8,)}"), "ok", ""
    yield "double_quotes", file_of('{"descr": "<f8", "fortran_order": False, "shape": (8,), }'), "ok", ""
    yield "u_quotes", file_of("{u'descr': u'<f8', 'fortran_order': False, 'shape': (8,), }"), "ok", ""
    yield "python2_long", file_of(h(shape="(8L,)")), "ok", ""
    yield "tight", file_of("{'descr':'<f8','fortran_order':False,'shape':(2,4)}"), "ok", ""
    yield "wide", file_of(" { 'descr' :\n\t'<f8' , 'fortran_order' : False , 'shape' : ( 2 , 4 , ) , } "), "ok", ""
    yield "native", file_of(h("'=f8'")), "ok", ""
    yield "bool_bytes", file_of(h("'|b1'"), data=0) + bytes([0, 1, 2, 255, 128, 0, 1, 7]), "ok", ""
    yield "ndim_32", file_of(h(shape="(" + "1, " * 32 + ")")), "ok", ""
    yield "empty_huge", file_of(h(shape="(0, 1000000000000)"), data=0), "ok", ""
    # sizes
    yield "negative", file_of(h(shape="(-1,)")), "format", "at least 0"
    yield "too_large", file_of(h(shape="(100000000000,)")), "format", "header says 800000000000 bytes of data, the file has 64"
    yield "cut_data", file_of(h(shape="(100,)"), data=640), "format", "header says 800 bytes of data, the file has 640"
    yield "overflow_32", file_of(h(shape="(4294967296, 4294967296)")), "format", "2^63"
    yield "overflow_bytes", file_of(h(shape="(2147483648, 1073741824)")), "format", "2^63"
    yield "extent_2_63", file_of(h(shape="(9223372036854775808,)")), "format", "2^63"
    yield "extent_2_64", file_of(h(shape="(18446744073709551617,)")), "format", "2^63"
    yield "zero_overflow", file_of(h(shape="(0, 9223372036854775807)")), "format", "2^63"
    yield "zero_overflow_2", file_of(h(shape="(4294967296, 0, 4294967296)")), "format", "2^63"
    yield "ndim_33", file_of(h(shape="(" + "1, " * 33 + ")")), "unsupported", "more than 32 axes"
    yield "ndim_65", file_of(h(shape="(" + "1, " * 65 + ")")), "unsupported", "more than 32 axes"
    # shape's spelling
    for i, s in enumerate(["(True,)", "(8.0,)", "[8]", "(8)", "8", "(4*2,)", "(0_8,)", "(0x8,)", "(+8,)", "(08,)", "(8,,)", "(,)",
                           "(8l,)", "('8',)", "((8,),)", "(8", "(8,8", "None", "(8, None)", "(8 8)", "(8LL,)", "(8e0,)", "(1_0,)"]):
        yield "shape_%02d" % i, file_of(h(shape=s)), "format", ""
    # fortran_order
    for i, s in enumerate(["1", "0", "'True'", "true", "None", "Truee", "[]", "(True)"]):
        yield "fortran_%d" % i, file_of(h(fortran=s)), "format", ""
    # descr
    for i, s in enumerate(["'<f3'", "'<f0'", "'<i3'", "'<u16'", "'<b8'", "'f'", "'<'", "''", "'8'", "'<f8 '", "' <f8'", "'<f08'", "b'<f8'",
                           "None", "8", "'<i4,<i4'", "'|V0'", "'|S0'", "[]", "'''<f8'''", "'\\x3cf8'", "'<f' '8'", "'|S2147483648'",
                           "'<f8[ns]'", "'<f99999999999999999999'", "'<F8'", "'<f8", "'<f-8'", "'<<f8'", "'<c4'", "dict()", "('<f8')"]):
        yield "descr_%02d" % i, file_of(h(s)), "format", ""
    for i, s in enumerate(["'<f2'", "'<f16'", "'<c32'", "'|S5'", "'<U5'", "'|V8'", "'<M8[ns]'", "'<m8[us]'", "'<M8'", "'|O'", "'O8'", "'|O8'",
                           "[('a', '<f8')]", "[('a', '<f8'), ('b', '<i4', (2,))]"]):
        yield "type_%02d" % i, file_of(h(s)), "unsupported", "holds"
    yield "object", file_of(h("'|O'")), "unsupported", "pickled"
    # the dict
    yield "missing_descr", file_of("{'fortran_order': False, 'shape': (8,), }"), "format", "no key 'descr'"
    yield "missing_shape", file_of("{'descr': '<f8', 'fortran_order': False, }"), "format", "no key 'shape'"
    yield "missing_order", file_of("{'descr': '<f8', 'shape': (8,), }"), "format", "no key 'fortran_order'"
    yield "extra_key", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (8,), 'x': 1}"), "format", "unknown key 'x'"
    yield "duplicate", file_of("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (8,), }"), "format", "twice"
    yield "number_key", file_of("{1: 2}"), "format", "key"
    yield "comment", file_of("{'descr': '<f8', # hm\n'fortran_order': False, 'shape': (8,), }"), "format", "'#'"
    yield "after", file_of(h() + "x"), "format", "nothing more"
    yield "nul", file_of(h() + "\0"), "format", "0x00"
    yield "nul_inside", file_of("{'descr': '<f8',\0 'fortran_order': False, 'shape': (8,), }"), "format", "0x00"
    yield "no_comma", file_of("{'descr': '<f8' 'fortran_order': False, 'shape': (8,), }"), "format", "','"
    yield "two_commas", file_of("{'descr': '<f8',, 'fortran_order': False, 'shape': (8,), }"), "format", ""
    yield "no_colon", file_of("{'descr' '<f8', 'fortran_order': False, 'shape': (8,), }"), "format", "':'"
    yield "no_close", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (8,), ", newline=False), "format", "ends"
    yield "list", file_of("['descr', '<f8']"), "format", "'{'"
    yield "code", file_of("__import__('os').system('true')"), "format", "'{'"
    yield "code_inside", file_of(h(shape="exec('1')")), "format", "'('"
    yield "nested", file_of(h(shape="(" * 2000 + ")" * 2000), version=2), "format", ""
    yield "blank", file_of(""), "format", "'{'"
    yield "no_text", file_of("", newline=False), "format", "ends"
    yield "utf8", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (8,), 'é': 1}".encode(), version=3), "format", ""
    yield "latin1", file_of(b"{'d\xe9scr': '<f8'}"), "format", ""


def odd(folder):
    with open(os.path.join(folder, "odd.txt"), "w") as index:
        for name, data, verdict, words in odd_cases():
            with open(os.path.join(folder, name + ".npy"), "wb") as f:
                f.write(data)
            print(name, verdict, words, sep="\t", file=index)
            if verdict == "ok":  # the corpus itself must not ask for more than NumPy takes
                npy.read_array(io.BytesIO(data), max_header_size=1 << 20)


if __name__ == "__main__":
    sound(sys.argv[1])
    odd(sys.argv[1])
