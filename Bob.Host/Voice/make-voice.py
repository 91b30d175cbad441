#!/usr/bin/env python3
"""Makes clips/*.ulaw out of clips.json: what Bob says without a model, until `make-clips` has said it in the model's own voice.

Needs Debian's flite and sox. Run it in this folder; the results are committed, so a build never needs it.

Each sentence is spoken by flite's voice "slt" at 16 kHz, brought to 8 kHz and the band of a telephone by sox, cut to 40 ms of silence at both ends,
brought to -20 dBFS RMS, and written as raw G.711 mu-law, 8 bytes per millisecond, no header.
"""
import json
import math
import pathlib
import struct
import subprocess
import tempfile

VOICE, STRETCH = "slt", 1.0
EDGE_MS, TARGET_DBFS, SILENCE_DBFS = 40, -20.0, -46.0


def speak(text):
    """Samples at 8 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder) / "spoken.wav"
        subprocess.run(["flite", "-voice", VOICE, "--setf", f"duration_stretch={STRETCH}", "-t", text, "-o", str(wav)], check=True)
        raw = subprocess.run(["sox", str(wav), "-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-", "gain", "-6", "highpass", "120", "rate", "-v", "8000"],
                             stdout=subprocess.PIPE, check=True).stdout
    return list(struct.unpack(f"<{len(raw) // 2}h", raw))


def level(samples):
    return 20 * math.log10(max(1e-9, math.sqrt(sum(s * s for s in samples) / max(1, len(samples))) / 32768))


def trim(samples):
    loud = [i for i in range(0, len(samples) - 80, 80) if level(samples[i:i + 80]) > SILENCE_DBFS]
    return samples[max(0, loud[0] - EDGE_MS * 8):loud[-1] + 80 + EDGE_MS * 8]


def mu_law(sample):
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def main():
    here = pathlib.Path(__file__).parent
    (here / "clips").mkdir(exist_ok=True)
    for name, text in json.loads((here / "clips.json").read_text()).items():
        samples = trim(speak(text))
        gain = min(10 ** ((TARGET_DBFS - level(samples)) / 20), 32000 / max(abs(s) for s in samples))
        samples = [round(s * gain) for s in samples]
        (here / "clips" / f"{name}.ulaw").write_bytes(bytes(mu_law(s) for s in samples))
        print(f"{name:12} {len(samples) // 8:5} ms {level(samples):6.1f} dBFS")


main()
