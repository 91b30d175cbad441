using System.Buffers.Binary;
using System.Collections.Concurrent;
using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Recording;
using Bob.Tests.Calls;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Tests.Recording;

/// <summary>A recording as a player reads it.</summary>
internal sealed record RecordedCall(byte[] Left, byte[] Right)
{
    public TimeSpan Duration => StereoWav.Duration(Left.Length);

    public static RecordedCall Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var samples = (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(46));
        file[..StereoWav.HeaderBytes].Should().Equal(StereoWav.Header(samples));
        file.Length.Should().Be(StereoWav.HeaderBytes + (2 * samples), "the header says how long it is");
        var (left, right) = (new byte[samples], new byte[samples]);
        for (var i = 0; i < samples; i++)
            (left[i], right[i]) = (file[StereoWav.HeaderBytes + (2 * i)], file[StereoWav.HeaderBytes + (2 * i) + 1]);
        return new RecordedCall(left, right);
    }
}

/// <summary>The recordings that a house has finished.</summary>
internal sealed class FinishedRecordings
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RecordingFinished>> _finished = new();

    public FinishedRecordings(WholeHouse house) =>
        house.System.EventStream.Subscribe(house.System.ActorOf(Props.Create(() => new Listener(this))), typeof(RecordingFinished));

    /// <summary>How many there were.</summary>
    public int Count => _finished.Values.Count(finished => finished.Task.IsCompleted);

    /// <summary>That of a call, once it is finished.</summary>
    public Task<RecordingFinished> OfAsync(string callSid) => Of(callSid).Task.WaitAsync(TimeSpan.FromSeconds(20));

    private TaskCompletionSource<RecordingFinished> Of(string callSid) =>
        _finished.GetOrAdd(callSid, _ => new TaskCompletionSource<RecordingFinished>(TaskCreationOptions.RunContinuationsAsynchronously));

    private sealed class Listener : UntypedActor
    {
        private readonly FinishedRecordings _recordings;

        public Listener(FinishedRecordings recordings) => _recordings = recordings;

        protected override void OnReceive(object message)
        {
            var finished = (RecordingFinished)message;
            _recordings.Of(finished.CallSid.Value).SetResult(finished);
        }
    }
}
