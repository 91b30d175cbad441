namespace Bob.Bench.Servers;

/// <summary>What is measured.</summary>
internal enum ServerKind
{
    /// <summary>Bob's own program, everything switched on.</summary>
    Bob,

    /// <summary>The leanest relay of the same two sockets.</summary>
    Floor,

    /// <summary>The smallest bridge in Node.js: <c>Peers/node/bare.js</c>.</summary>
    Node,
}

/// <param name="Kind">Whose.</param>
/// <param name="Cores">As <c>taskset -c</c> wants them: <c>0</c>, <c>0-1</c>.</param>
/// <param name="Program">Another build of Bob: the path of its <c>Bob.Host.dll</c>. Null: the one that was built with the bench.</param>
/// <param name="MaxCalls">Calls the server is to take.</param>
internal sealed record ServerPlan(ServerKind Kind, string Cores, string? Program, int MaxCalls);
