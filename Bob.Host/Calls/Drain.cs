using System.Runtime.InteropServices;
using Bob.Actors.Calls;
using Bob.Host.Configuration;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Host.Calls;

/// <summary>
/// How a node leaves: new calls are refused, those that are up go on, and so does everything that they need, for as long as <c>DRAIN_SECONDS</c> says. Then Bob
/// says goodbye to those that are left. The host stops after the last of them, and after the last message that a caller is leaving, if there is still time for that.
/// </summary>
public sealed partial class Drain(BobOptions options, Switchboard switchboard, CallsTakenOver takenOver, IHostApplicationLifetime host, TimeProvider clock, ILogger<Drain> log) : IDisposable
{
    /// <summary>How long Bob may take to say goodbye to all; then Twilio says it.</summary>
    public static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(6);

    /// <summary>How long Twilio may take to come and ask for it, and the model to tell what was said last.</summary>
    public static readonly TimeSpan ClosingLimit = CallState.ClosingLimit + CallState.PartingLimit;

    /// <summary>Long enough to find out that there are no calls.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    /// <summary>Twilio reports the end of a call after the caller heard it.</summary>
    public static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(400);

    private readonly CancellationTokenSource _hurry = new();
    private int _asked;

    /// <summary>Whether the node is on its way out.</summary>
    public bool IsOn => Volatile.Read(ref _asked) > 0;

    /// <summary>The node is asked to leave. A second time: with a goodbye to all, now. A third time: whatever it costs.</summary>
    public void Ask()
    {
        switch (Interlocked.Increment(ref _asked))
        {
            case 1:
                _ = Task.Run(RunAsync);
                break;
            case 2:
                Hurries();
                _hurry.Cancel();
                break;
            default:
                host.StopApplication();
                break;
        }
    }

    public void Dispose() => _hurry.Dispose();

    private async Task RunAsync()
    {
        try
        {
            if (host.ApplicationStarted.IsCancellationRequested && (!await EmptyWithinAsync(Glance) || takenOver.Count > 0))
                await EmptyAsync();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Failed(failure); // whatever it is, the node must be able to leave
        }

        host.StopApplication();
    }

    private async Task EmptyAsync()
    {
        Begins(options.Drain.TotalSeconds);
        using var deadline = new CancellationTokenSource(options.Drain, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_hurry.Token, deadline.Token, host.ApplicationStopping);
        if (!await switchboard.DrainedAsync(limit.Token))
        {
            EndsAll();
            await switchboard.EndAllAsync(new EndAllCalls(CallEnd.NodeDrained, AtOnce: false));
            if (!await EmptyWithinAsync(GoodbyeLimit))
            {
                await switchboard.EndAllAsync(new EndAllCalls(CallEnd.NodeDrained, AtOnce: true));
                await EmptyWithinAsync(ClosingLimit);
            }
        }

        await Task.Delay(Afterwards, clock);
        await takenOver.GoneAsync(limit.Token); // the last of the calls may have become one of these
    }

    private async Task<bool> EmptyWithinAsync(TimeSpan time)
    {
        using var deadline = new CancellationTokenSource(time, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, host.ApplicationStopping);
        return await switchboard.DrainedAsync(limit.Token);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: new calls are refused, and those that are up go on for up to {Seconds} s")]
    private partial void Begins(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Draining: Bob says goodbye to the calls that are left")]
    private partial void EndsAll();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Draining: asked to hurry")]
    private partial void Hurries();

    [LoggerMessage(Level = LogLevel.Error, Message = "Draining failed; the node stops")]
    private partial void Failed(Exception failure);
}

/// <summary>
/// The life of the host: a signal (SIGTERM, SIGINT, SIGQUIT) drains it, and only then stops it. Until the last call is over nothing is told to stop: neither the web
/// server nor the actors nor the books.
/// </summary>
/// <param name="services">The drain needs the calls, which are not there yet when a host is made.</param>
public sealed class DrainLifetime(IServiceProvider services) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _signals = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                services.GetRequiredService<Drain>().Ask();
            }));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());
}
