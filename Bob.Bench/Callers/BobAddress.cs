namespace Bob.Bench.Callers;

/// <summary>Where the callers' calls go.</summary>
/// <param name="Port">Of this machine.</param>
/// <param name="Webhooks">Whether it is Bob, who is asked by webhook first; the floor takes the stream at once.</param>
internal sealed record BobAddress(int Port, bool Webhooks)
{
    /// <summary>The public name that signatures are made over, as behind a proxy that ends TLS.</summary>
    public string Host => "bob.example.com";

    public string Token => "0123456789abcdef0123456789abcdef";

    public string MediaStream => $"wss://{Host}/media-stream";
}
