namespace Bob.Actors.Recording;

/// <summary>
/// Where recorders run: two threads of their own. A disk that hangs holds up recordings, and not the pool that calls and webhooks live on. The threads
/// start with the first recorder.
/// </summary>
internal static class RecorderDispatcher
{
    public const string Path = "bob.recorder-dispatcher";

    public const string Hocon = $$"""
        {{Path}} {
          type = ForkJoinDispatcher
          throughput = 30
          dedicated-thread-pool { thread-count = 2, threadtype = background }
        }
        """;
}
