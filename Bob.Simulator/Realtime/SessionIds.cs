namespace Bob.Simulator.Realtime;

/// <summary>Ids and chance of one session; the same seed and session number give the same ones.</summary>
internal sealed class SessionIds(int seed, int session)
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly Random _random = new(HashCode(seed, session));

    public string Next(string prefix) => prefix + Text(21);

    public string Text(int length) => _random.GetString(Letters, length);

    public int Between(int low, int high) => _random.Next(low, high + 1);

    // HashCode.Combine differs from process to process
    private static int HashCode(int seed, int session) => unchecked(seed * 7919 + session * 104729);
}
