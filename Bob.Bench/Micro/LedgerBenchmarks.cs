using System.Text;
using BenchmarkDotNet.Attributes;
using Bob.Actors.Audio;

namespace Bob.Bench.Micro;

/// <summary>What the ledger does for one frame of the model's voice, its share of the marks included.</summary>
public class LedgerBenchmarks
{
    private const int FramesPerMark = PlaybackLedger.MarkEveryMs / 20;
    private readonly PlaybackLedger _ledger = new();
    private readonly VoiceAudio _frame = new(
        new SpokenItem("resp_KnCfK2vuAiSDMK2xTY2xA", "item_n23DSp8kVzjliKE1QufhQ", 0),
        Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[Mulaw.FrameBytes])),
        Mulaw.FrameBytes);

    private TimeSpan _now;

    /// <summary>200 ms: ten frames appended and sent, one mark sent and returned.</summary>
    [Benchmark(Description = "PlaybackLedger: append, send, a tenth of a mark", OperationsPerInvoke = FramesPerMark)]
    public bool Play()
    {
        var mark = default(PlaybackMark);
        for (var i = 0; i < FramesPerMark; i++)
        {
            _now += TimeSpan.FromMilliseconds(20);
            _ledger.Append(_frame, _now);
            _ledger.TrySend(_now, out _);
            if (_ledger.TryMark(_now, out var due))
                mark = due;
        }

        return _ledger.MarkReturned(mark.ToString(), _now);
    }
}
