using Bob.Actors.Calls;
using Bob.Actors.Recording;

namespace Bob.Tests.Recording;

/// <summary>A disk that answers nobody, until it is released; then it is broken.</summary>
internal sealed class HungDisk : IRecordings, IDisposable
{
    private readonly ManualResetEventSlim _released = new();
    private int _waiting, _poolThreads;

    /// <summary>How many have come to wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>How many of them are threads that the rest of the house needs.</summary>
    public int PoolThreads => Volatile.Read(ref _poolThreads);

    public IRecordingFile Create(CallSid callSid)
    {
        Interlocked.Increment(ref _waiting);
        if (Thread.CurrentThread.IsThreadPoolThread)
            Interlocked.Increment(ref _poolThreads);
        _released.Wait();
        throw new IOException("Input/output error");
    }

    public IRecordingFile? Reopen(string name) => null;

    public void Release() => _released.Set();

    public void Dispose() => _released.Dispose();
}
