using System.Text;
using static Bob.Tests.Sockets.Frame;

namespace Bob.Tests.Sockets;

/// <summary>RFC 6455 in the groups that the Autobahn suite has: frames, and what has to come of them.</summary>
internal static class FramingRules
{
    private static readonly string Long = new('x', 1000);

    /// <summary>What is sent, and what has to come of it: messages, then how it ends and the code Bob closes with.</summary>
    /// <param name="cap">Most bytes of one message, at least 65,536.</param>
    public static IReadOnlyList<(string What, Frame[] Sent, string[] Comes)> For(int cap)
    {
        (string What, Frame[] Sent, string[] Comes)[] rules =
        [
            // 1 Framing: every form of the length at its edges.
            .. new[] { 0, 1, 2, 3, 4, 7, 8, 9, 125, 126, 127, 128, 255, 65_535, 65_536, cap }.Distinct().Select(length =>
                ($"a text of {length}", new[] { Of(new string('*', length)) }, new[] { $"text {Told(new string('*', length))}", "eof" })),
            ("a binary of each form", [new(Fin | 2, new byte[5]), new(Fin | 2, new byte[126]), new(Fin | 2, new byte[65_536])], ["binary", "binary", "binary", "eof"]),
            ("many messages in one piece", [Of("a"), Of(""), Of(Long), Of("b")], ["text a", "text ", "text 1000", "text b", "eof"]),
            ("a small length in 16 bits", [Of("a") with { Form = LengthForm.Bits16 }], ["violation 1002"]),
            ("125 in 16 bits", [Of(new string('*', 125)) with { Form = LengthForm.Bits16 }], ["violation 1002"]),
            ("a small length in 64 bits", [Of("a") with { Form = LengthForm.Bits64 }], ["violation 1002"]),
            ("65535 in 64 bits", [Of(new string('*', 65_535)) with { Form = LengthForm.Bits64 }], ["violation 1002"]),
            ("the highest bit of a length", [Of("a") with { Announced = 0x8000_0000_0000_0000 }], ["violation 1002"]),
            ("the longest length there is", [Of("") with { Announced = 0x7FFF_FFFF_FFFF_FFFF }], ["too big"]),

            // 2 Pings and pongs.
            ("pings of every size", [Ping(), Ping("p"), Ping(new string('p', 125)), Of("a")], ["text a", "eof"]),
            ("a ping of 126", [Of("a"), Ping(new string('p', 126))], ["text a", "violation 1002"]),
            ("a pong nobody asked for", [Of("late", Fin | 10), Of("a")], ["text a", "eof"]),
            ("a pong of 126", [Of(new string('p', 126), Fin | 10)], ["violation 1002"]),

            // 3 Reserved bits.
            .. new byte[] { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70 }.SelectMany(bits => new[]
            {
                ($"bits {bits:X2} on a text", new[] { Of("a"), Of("b", (byte)(Fin | bits | 1)) }, new[] { "text a", "violation 1002" }),
                ($"bits {bits:X2} on a ping", [Of("", (byte)(Fin | bits | 9))], ["violation 1002"]),
                ($"bits {bits:X2} on a close", [Of("", (byte)(Fin | bits | 8))], ["violation 1002"]),
            }),

            // 4 Reserved opcodes.
            .. new byte[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 }.SelectMany(opcode => new[]
            {
                ($"opcode {opcode}", new[] { Of("a"), Of("", (byte)(Fin | opcode)) }, new[] { "text a", "violation 1002" }),
                ($"opcode {opcode} inside a message", [Of("a", 1), Of("b", (byte)(Fin | opcode))], ["violation 1002"]),
            }),

            // 5 Fragments.
            ("a fragmented ping", [Of("a", 9), Of("b", Fin)], ["violation 1002"]),
            ("a fragmented pong", [Of("a", 10), Of("b", Fin)], ["violation 1002"]),
            ("a fragmented close", [Of("", 8)], ["violation 1002"]),
            ("two fragments", [Of("a", 1), Of("b", Fin)], ["text ab", "eof"]),
            ("empty fragments", [Of("", 1), Of("", 0), Of("", Fin)], ["text ", "eof"]),
            ("an empty first and an empty last fragment", [Of("", 1), Of("ab", 0), Of("", Fin), Of("c")], ["text ab", "text c", "eof"]),
            ("a ping between fragments", [Of("a", 1), Ping("p"), Of("b", 0), Ping(Long[..125]), Of("c", Fin)], ["text abc", "eof"]),
            ("long fragments around a ping", [Of(Long, 1), Ping("p"), Of(Long, 0), Of("last", Fin)], ["text 2004", "eof"]),
            ("a close between fragments", [Of("a", 1), Close(1000), Of("b", Fin)], ["close 1000 "]),
            ("a fragmented binary", [new(2, [0xFF]), new(Fin, [0xFE]), Of("a")], ["binary", "text a", "eof"]),
            ("a continuation of nothing", [Of("a", Fin)], ["violation 1002"]),
            ("a continuation of nothing that has no end", [Of("a", 0)], ["violation 1002"]),
            ("a continuation after the end", [Of("a", 1), Of("b", Fin), Of("c", Fin)], ["text ab", "violation 1002"]),
            ("a text inside a message", [Of("a", 1), Of("b")], ["violation 1002"]),
            ("a binary inside a message", [Of("a", 1), new(Fin | 2, [])], ["violation 1002"]),
            ("a begin inside a message", [Of("a", 1), Of("b", 1)], ["violation 1002"]),

            // 6 UTF-8.
            ("all lengths of characters", [Of("aµ☎𝄞")], ["text aµ☎𝄞", "eof"]),
            ("characters cut by fragments", [.. Encoding.UTF8.GetBytes("µ☎𝄞").Select((octet, i) => new Frame((byte)(i == 0 ? 1 : 0), [octet])), new(Fin, [])], ["text µ☎𝄞", "eof"]),
            ("a zero", [Of("\0")], ["text \0", "eof"]),
            ("U+FFFF and the last code point", [Of("\uFFFF\U0010FFFF")], ["text \uFFFF\U0010FFFF", "eof"]),
            .. new (string What, byte[] Bytes)[]
            {
                ("a lone continuation", [0x80]), ("a begin without a rest", [0xC3]), ("a wrong continuation", [0xC3, 0x28]), ("an overlong slash", [0xC0, 0xAF]),
                ("an overlong zero", [0xE0, 0x80, 0x80]), ("a surrogate", [0xED, 0xA0, 0x80]), ("beyond the last code point", [0xF4, 0x90, 0x80, 0x80]),
                ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]), ("a cut code point", [0x61, 0xF0, 0x9D, 0x84]), ("0xFF", [0xFF]),
            }.SelectMany(bad => new[]
            {
                ($"{bad.What}", new Frame[] { new(Fin | 1, bad.Bytes) }, new[] { "violation 1007" }),
                ($"{bad.What} after text", [Of("a"), new(Fin | 1, [.. Encoding.ASCII.GetBytes(Long), .. bad.Bytes])], ["text a", "violation 1007"]),
                ($"{bad.What} in the second fragment", [Of("a", 1), new(Fin, bad.Bytes)], ["violation 1007"]),
            }),

            // 6.4 UTF-8: what cannot become a text is not waited out.
            ("no text in a fragment, and the rest never comes", [Of("a", 1), new(0, [0xC3, 0x28])], ["violation 1007"]),
            ("no text in the first fragment, and the rest never comes", [new(1, [0x61, 0xFF])], ["violation 1007"]),
            ("half a character that nothing can make whole", [new(1, [0xED, 0xA0])], ["violation 1007"]),
            ("half a character beyond the last code point", [Of("µ", 1), new(0, [0xF4, 0x90])], ["violation 1007"]),
            ("half a character, and another begins", [new(1, [0xE2, 0x98]), Of("a", 0)], ["violation 1007"]),
            ("half a character at the end", [new(1, [0xE2, 0x98]), new(Fin, [])], ["violation 1007"]),
            ("a character in three fragments with pings between", [new(1, [0xE2]), Ping("p"), new(0, [0x98]), Ping("p"), new(0, [0x8E]), Of("", Fin)], ["text ☎", "eof"]),
            ("a long text in fragments of which each cuts a character", [new(1, [0x61, 0xC2]), .. Enumerable.Repeat(new Frame(0, [0xB5, 0xC2]), 500), new(Fin, [0xB5])], ["text 502", "eof"]),

            // 7 Closing.
            ("a close without a code", [new(Fin | 8, [])], ["close 0 "]),
            ("a close with half a code", [new(Fin | 8, [3])], ["violation 1002"]),
            ("a close with a reason", [Close(1000, "bye ☎")], ["close 1000 bye ☎"]),
            ("a close with the longest reason", [Close(1000, new string('r', 123))], [$"close 1000 {new string('r', 123)}"]),
            ("a close that is too long", [Close(1000, new string('r', 124))], ["violation 1002"]),
            ("a close whose reason is no UTF-8", [new(Fin | 8, [3, 0xE8, 0xC3, 0x28])], ["violation 1007"]),
            ("anything after a close", [Of("a"), Close(1001), Of("b"), Ping(), Close(1002)], ["text a", "close 1001 "]),
            .. new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 }.Select(code =>
                ($"close {code}", new[] { Close(code) }, new[] { $"close {code} " })),
            .. new[] { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535 }.Select(code =>
                ($"close {code}", new[] { Close(code) }, new[] { "violation 1002" })),

            // 9 Limits.
            ("one byte over the cap", [Of("a"), Of(new string('x', cap + 1))], ["text a", "too big"]),
            ("a head that announces too much", [Of("") with { Announced = (ulong)cap + 1 }], ["too big"]),
            ("fragments over the cap", [Of(new string('x', cap), 1), Of("x", Fin)], ["too big"]),
            ("a fragment that would pass the cap", [Of("x", 1), Of("") with { First = 0, Announced = (ulong)cap }], ["too big"]),
        ];
        return rules;
    }

    /// <summary>A text, or its length when it is long.</summary>
    public static string Told(string text) => text.Length < 10 ? text : $"{text.Length}";
}
