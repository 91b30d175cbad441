using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Twilio;

/// <summary>Twilio's messages on one media stream. Counters are strings; every message after <c>connected</c> takes the next sequence number.</summary>
internal sealed class StreamMessages(string streamSid, string accountSid, string callSid)
{
    private int _sequence;

    public static byte[] Connected() => "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}"u8.ToArray();

    public byte[] Start(IReadOnlyDictionary<string, string> parameters, MediaFaults faults)
    {
        var custom = new JsonObject();
        foreach (var (name, value) in parameters)
            custom[name] = value;
        return Bytes(new JsonObject
        {
            ["event"] = "start",
            ["sequenceNumber"] = Next(),
            ["start"] = new JsonObject
            {
                ["accountSid"] = accountSid,
                ["streamSid"] = streamSid,
                ["callSid"] = faults.StartCallSid ?? callSid,
                ["tracks"] = new JsonArray("inbound"),
                ["mediaFormat"] = new JsonObject
                {
                    ["encoding"] = faults.Encoding,
                    ["sampleRate"] = faults.SampleRate,
                    ["channels"] = faults.Channels,
                },
                ["customParameters"] = custom,
            },
            ["streamSid"] = streamSid,
        });
    }

    public byte[] Media(string track, int chunk, long timestampMs, string payload) => Encoding.UTF8.GetBytes(
        string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"event":"media","sequenceNumber":"{{{Next()}}}","media":{"track":"{{{track}}}","chunk":"{{{chunk}}}","timestamp":"{{{timestampMs}}}","payload":"{{{payload}}}"},"streamSid":"{{{streamSid}}}"}"""));

    public byte[] Dtmf(char digit) => Bytes(new JsonObject
    {
        ["event"] = "dtmf",
        ["streamSid"] = streamSid,
        ["sequenceNumber"] = Next(),
        ["dtmf"] = new JsonObject { ["track"] = "inbound_track", ["digit"] = digit.ToString() },
    });

    public byte[] Mark(string name) => Bytes(new JsonObject
    {
        ["event"] = "mark",
        ["sequenceNumber"] = Next(),
        ["streamSid"] = streamSid,
        ["mark"] = new JsonObject { ["name"] = name },
    });

    public byte[] Stop() => Bytes(new JsonObject
    {
        ["event"] = "stop",
        ["sequenceNumber"] = Next(),
        ["stop"] = new JsonObject { ["accountSid"] = accountSid, ["callSid"] = callSid },
        ["streamSid"] = streamSid,
    });

    private static byte[] Bytes(JsonObject message) => Encoding.UTF8.GetBytes(message.ToJsonString());

    private string Next() => (++_sequence).ToString(CultureInfo.InvariantCulture);
}
