using System.Text;
using BenchmarkDotNet.Attributes;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;

namespace Bob.Bench.Micro;

/// <summary>Reading and writing of one frame of 20 ms, both directions.</summary>
public class CodecBenchmarks
{
    private readonly byte[] _audio = new byte[160];
    private readonly byte[] _payload = Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[160]));
    private readonly byte[] _destination = new byte[1024];
    private readonly TwilioWriter _twilio = new(new StreamSid("MZ00000000000000000000000000000001"));
    private byte[] _media = [], _delta = [];

    [GlobalSetup]
    public void Setup()
    {
        var payload = Encoding.ASCII.GetString(_payload);
        _media = Encoding.ASCII.GetBytes(
            $$$"""{"event":"media","sequenceNumber":"926","media":{"track":"inbound","chunk":"925","timestamp":"18500","payload":"{{{payload}}}"},"streamSid":"MZ00000000000000000000000000000001"}""");
        _delta = Encoding.ASCII.GetBytes(
            $$$"""{"type":"response.output_audio.delta","event_id":"event_u4rEE7naW8mHDKw3OaWDy","response_id":"resp_KnCfK2vuAiSDMK2xTY2xA","item_id":"item_n23DSp8kVzjliKE1QufhQ","output_index":0,"content_index":0,"delta":"{{{payload}}}"}""");
    }

    [Benchmark(Description = "TwilioCodec.Read of a media message")]
    public int ReadMedia()
    {
        TwilioCodec.Read(_media, out var happened);
        return happened.PayloadBytes;
    }

    [Benchmark(Description = "RealtimeWriter.WriteAppend")]
    public int WriteAppend() => RealtimeWriter.WriteAppend(_destination, _audio);

    [Benchmark(Description = "RealtimeReader.TryReadAudioDelta")]
    public int ReadDelta() => RealtimeReader.TryReadAudioDelta(_delta, out var delta) ? delta.Bytes : -1;

    [Benchmark(Description = "TwilioWriter.WriteMedia")]
    public int WriteMedia() => _twilio.WriteMedia(_destination, _payload);
}
