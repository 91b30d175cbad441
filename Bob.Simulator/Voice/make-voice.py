#!/usr/bin/env python3
"""Makes clips/*.ulaw and lines.json: the scripted voice of the rehearsal.

Needs Debian's espeak-ng (libespeak-ng1) and sox. Run it in this folder; the results are committed, so a build never needs it.

Each line is synthesised once. The library reports an event per word with its position in the audio, which gives the word timings
without any guessing; a word here is what stands between two spaces of the text. Then: 22.05 kHz -> 8 kHz with sox, silence at both ends
cut to 30 ms (the timings move along), level brought to -20 dBFS RMS, raw G.711 mu-law, 8 bytes per millisecond, no header.
"""
import ctypes
import json
import math
import pathlib
import struct
import subprocess

VOICE, WORDS_PER_MINUTE, PITCH = b"en-us+f3", 168, 48
EDGE_MS, TARGET_DBFS, SILENCE_DBFS = 30, -20.0, -50.0

LINES = {
    "greeting": "Hello, you have reached Bob. This is a rehearsal with a scripted voice. How can I help you?",
    "hours": "We are open Monday to Friday, from nine in the morning until five in the afternoon.",
    "address": "You find us at twelve Harbor Street, right beside the old lighthouse.",
    "take-message": "I can take a message. Please say your name, your number, and what it is about.",
    "message-taken": "Thank you. I have written that down, and somebody will call you back today.",
    "anything-else": "Is there anything else I can do for you?",
    "interrupt-me": "Now I say something rather long, so that you can try to interrupt me. Just speak, and I will stop and listen.",
    "key-pressed": "You pressed a key. Thank you, I have noted that.",
    "key-operator": "You pressed zero. One moment please, I am connecting you with a colleague.",
    "transfer": "One moment please, I am connecting you with a colleague.",
    "look-up": "One moment, let me look that up.",
    "still-looking": "I am still looking. Thank you for waiting.",
    "done": "That is done.",
    "not-done": "I am sorry, that did not work just now.",
    "still-there": "Are you still there?",
    "repeat": "I am sorry, I did not catch that. Could you say it again?",
    "line-dropped": "I am sorry, the line was gone for a moment.",
    "scripted": "I am only a rehearsal, so I answer with what stands in my script. Please go on.",
    "goodbye": "Thank you for calling. Goodbye!",
}


class Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8)]


WORD_EVENT, LIST_END = 1, 0
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
espeak = ctypes.CDLL("libespeak-ng.so.1")
RATE = espeak.espeak_Initialize(1, 500, None, 0)  # 1: hand the audio back


def synthesise(text):
    """Samples at RATE and (1-based character position, ms) of every word."""
    samples, marks = [], []

    def take(wav, count, events):
        if count > 0:
            samples.extend(wav[:count])
        i = 0
        while events[i].type != LIST_END:
            if events[i].type == WORD_EVENT:
                marks.append((events[i].text_position, events[i].audio_position))
            i += 1
        return 0

    callback = CALLBACK(take)
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_SetVoiceByName(VOICE)
    espeak.espeak_SetParameter(1, WORDS_PER_MINUTE, 0)
    espeak.espeak_SetParameter(3, PITCH, 0)
    data = text.encode() + b"\0"
    espeak.espeak_Synth(data, len(data), 0, 1, 0, 1, None, None)
    espeak.espeak_Synchronize()
    return samples, marks


def to_8k(samples):
    raw = struct.pack(f"<{len(samples)}h", *samples)
    fmt = ["-t", "raw", "-e", "signed", "-b", "16", "-c", "1"]
    out = subprocess.run(["sox", *fmt, "-r", str(RATE), "-", *fmt, "-r", "8000", "-", "gain", "-6", "highpass", "150", "rate", "-v", "8000"],
                         input=raw, stdout=subprocess.PIPE, check=True).stdout
    return list(struct.unpack(f"<{len(out) // 2}h", out))


def level(samples):
    return 20 * math.log10(max(1e-9, math.sqrt(sum(s * s for s in samples) / max(1, len(samples))) / 32768))


def trim(samples):
    loud = [i for i in range(0, len(samples) - 80, 80) if level(samples[i:i + 80]) > SILENCE_DBFS]
    start = max(0, loud[0] - EDGE_MS * 8)
    end = min(len(samples), loud[-1] + 80 + EDGE_MS * 8)
    return samples[start:end], start // 8


def mu_law(sample):
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def main():
    here = pathlib.Path(__file__).parent
    (here / "clips").mkdir(exist_ok=True)
    lines = []
    for line, text in LINES.items():
        samples, marks = synthesise(text)
        samples, cut_ms = trim(to_8k(samples))
        gain = min(10 ** ((TARGET_DBFS - level(samples)) / 20), 32000 / max(abs(s) for s in samples))
        samples = [round(s * gain) for s in samples]
        position, starts = 0, []
        for word in text.split(" "):
            inside = [ms for at, ms in marks if position <= at - 1 < position + len(word)]
            starts.append(max(0, min(inside) - cut_ms) if inside else starts[-1])
            position += len(word) + 1
        starts[0] = 0
        (here / "clips" / f"{line}.ulaw").write_bytes(bytes(mu_law(s) for s in samples))
        lines.append({"id": line, "text": text, "audioMs": len(samples) // 8, "wordsMs": starts})
        print(f"{line:15} {len(samples) // 8:5} ms {level(samples):6.1f} dBFS")
    rows = ",\n".join("  " + json.dumps(line) for line in lines)
    (here / "lines.json").write_text(f"[\n{rows}\n]\n")


main()
