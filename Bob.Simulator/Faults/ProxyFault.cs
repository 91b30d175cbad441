namespace Bob.Simulator.Faults;

/// <summary>What a proxied connection does from then on.</summary>
public enum ProxyAction
{
    /// <summary>Both ends see a TCP reset.</summary>
    Reset,

    /// <summary>Both ends see the end of the stream, without a word of the protocol.</summary>
    Fin,

    /// <summary>Nothing is read and nothing written any more; TCP stays, and its buffers fill.</summary>
    Freeze,

    /// <summary>Everything is read and nothing passed on: sends go well, and nothing ever comes back.</summary>
    BlackHole,

    /// <summary>Everything comes <see cref="ProxyFault.Ms"/> later.</summary>
    Delay,

    /// <summary>No more than <see cref="ProxyFault.BytesPerSecond"/> pass.</summary>
    Throttle,

    /// <summary>Every byte travels alone.</summary>
    Slice,

    /// <summary>One bit in every <see cref="ProxyFault.EveryBytes"/> bytes is flipped.</summary>
    Corrupt,

    /// <summary>What comes is kept, and passed on when the connection is healed.</summary>
    Withhold,

    /// <summary>The connection works again; what was kept back goes on first.</summary>
    Heal,
}

/// <summary>Which way bytes travel: to the one who connected, to the one who was connected to, or both.</summary>
public enum ProxyDirection
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>Towards the one who connected.</summary>
    ToClient,

    /// <summary>Towards the one who was connected to.</summary>
    ToServer,
}

/// <summary>One thing that goes wrong on a connection through a <see cref="FaultProxy"/>.</summary>
public sealed record ProxyFault
{
    /// <summary>What.</summary>
    public required ProxyAction Do { get; init; }

    /// <summary>The n-th connection (1-based) since the proxy's count began; 0: every one.</summary>
    public int Connection { get; init; }

    /// <summary>Which way. A reset and a FIN always take both.</summary>
    public ProxyDirection Way { get; init; }

    /// <summary>Only when so many bytes have passed that way (towards the client, where both are meant); null: from the first on.</summary>
    public long? AfterBytes { get; init; }

    /// <summary><see cref="ProxyAction.Delay"/>, in ms.</summary>
    public int Ms { get; init; } = 500;

    /// <summary><see cref="ProxyAction.Throttle"/>.</summary>
    public int BytesPerSecond { get; init; } = 1024;

    /// <summary><see cref="ProxyAction.Corrupt"/>.</summary>
    public int EveryBytes { get; init; } = 1000;

    internal ProxyDirection Counted => Way == ProxyDirection.ToServer ? ProxyDirection.ToServer : ProxyDirection.ToClient;
}
