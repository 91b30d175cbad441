using System.Threading.Channels;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>A dialer whose far end is the spec: every dial waits until the spec answers it.</summary>
public sealed class FakeDialer : IModelDialer
{
    private readonly Channel<PendingDial> _dials = Channel.CreateUnbounded<PendingDial>();
    private int _count;

    /// <summary>Dials so far.</summary>
    public int Count => Volatile.Read(ref _count);

    public Task<DialResult> DialAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _count);
        var dial = new PendingDial(cancellation);
        _dials.Writer.TryWrite(dial);
        return dial.Result;
    }

    /// <summary>What comes of the preparation.</summary>
    public Task<ModelFailure?> Preparation { get; set; } = Task.FromResult<ModelFailure?>(null);

    public Task<ModelFailure?> PrepareAsync(CancellationToken cancellation) => Preparation;

    /// <summary>The next dial; waits up to 10 s.</summary>
    public async Task<PendingDial> NextAsync() =>
        await _dials.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    /// <summary>As the only server there is.</summary>
    public ModelProviders AsModel(RealtimeOptions options, TimeProvider? clock = null) =>
        new([new ModelProvider(this, options, 0, clock ?? TimeProvider.System, NullLogger<ModelProvider>.Instance)]);

    public sealed class PendingDial(CancellationToken cancellation)
    {
        private readonly TaskCompletionSource<DialResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<DialResult> Result => _result.Task;

        /// <summary>Whether the leg has no more use for the dial.</summary>
        public bool Cancelled => cancellation.IsCancellationRequested;

        public void Connect(IMessageSocket socket) => _result.SetResult(new DialResult(socket, null));

        public void Fail(ModelFailure failure) => _result.SetResult(new DialResult(null, failure));

        public void Throw(Exception failure) => _result.SetException(failure);
    }
}
