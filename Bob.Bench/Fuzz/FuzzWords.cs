using System.Text;

namespace Bob.Bench.Fuzz;

/// <summary>Words with a meaning to one reader or another, and numbers at the edges of others.</summary>
internal static class FuzzWords
{
    public static IReadOnlyList<byte[]> Json { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\\"", "\\/", "\\u0000", "\\ud83d", "\\udc00", "\\ud83d\\ude00", "\\u0065", "\\x", "null", "true", "false", "{}", "[]", "\"\"", "[[[[",
            "0", "-1", "1.5", "1e999", "-1e999", "01", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "\"17\"", "NaN", "/**/", "\r\n", "\t", "\0", "\uFEFF", "\u202e", "😀",
            "\"event\"", "\"media\"", "\"payload\"", "\"track\"", "\"inbound\"", "\"chunk\"", "\"timestamp\"", "\"mark\"", "\"name\"", "\"dtmf\"", "\"digit\"", "\"start\"", "\"stop\"", "\"connected\"",
            "\"streamSid\"", "\"callSid\"", "\"sequenceNumber\"", "\"customParameters\"", "\"mediaFormat\"", "\"tracks\"", "\"type\"", "\"delta\"", "\"item_id\"", "\"response_id\"", "\"event_id\"", "\"response\"",
            "\"item\"", "\"error\"", "\"session\"", "\"status_details\"", "\"usage\"", "\"content_index\"", "\"response.output_audio.delta\"", "\"response.audio.delta\"", "\"response.done\"", "\"error\"",
            "\"/w==\"", "\"//8=\"", "\"AA AA\"", "\"__8=\"", "\"A\"", "=", "==", "\"x\":1,", "\"x\":[[1]],",
        }.Select(Encoding.UTF8.GetBytes),
        [0xC3], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0, 0x9D, 0x84], [0xFF], [0xC0, 0xAF], [0xEF, 0xBB, 0xBF],
    ];

    public static IReadOnlyList<byte[]> Form { get; } =
    [
        .. new[]
        {
            "&", "=", "%", "+", "%00", "%C3%28", "%ED%A0%80", "%u0041", "%2", "%zz", "&&", "==", "CallSid=", "&CallSid=CA1", "From=%2B15550100001", "a=b&a=c", "%F0%9F%98%80", "\0", "é", ";", "\r\n",
            "limit=", "from=", "2026-03-01", "9999-12-31", "0001-01-01", "words=", "cursor=", "minCost=", "-1", "1e9", "%20", "Completed", "number", "vip", "true", ",", "\"", "\"\"", "\n", "'=1+1", "'",
        }.Select(Encoding.UTF8.GetBytes),
        [0xC3], [0xFF], [0xEF, 0xBB, 0xBF],
    ];

    public static IReadOnlyList<byte[]> Frames { get; } =
    [
        [0x81, 0x80], [0x01, 0x80], [0x80, 0x80], [0x00, 0x80], [0x89, 0x80], [0x8A, 0x80], [0x88, 0x80], [0x82, 0x80], [0x81, 0xFE], [0x81, 0xFF], [0x81, 0x7E], [0x81, 0x7F], [0x81, 0x00], [0x80, 0x00], [0x01, 0x00],
        [0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1], [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0, 0, 0, 0, 0], [0x03, 0xE8], [0x03, 0xED], [0xC1, 0x80], [0x83, 0x80], [0x09, 0x80], [0xC3], [0xF0, 0x9D, 0x84, 0x9E], [0xED, 0xA0], [0x00, 0x7E], [0x01, 0x00],
    ];
}
