namespace Bob.Actors.Sockets;

/// <summary>
/// Memory to write messages in, of a thread: its cache has it at hand, as it would never have a buffer of each socket, and a socket holds none. What is
/// still being sent is not given back.
/// </summary>
internal static class Scratch
{
    private const int Usual = 2 * 1024;
    private const int MostKept = 64 * 1024;

    // Two, because a message is written in one, and framed in the other.
    [ThreadStatic]
    private static byte[]? one, other;

    /// <summary>At least so many bytes, of any content.</summary>
    public static byte[] Take(int length)
    {
        var buffer = one;
        if (buffer is null)
            (buffer, other) = (other, null);
        else
            one = null;
        return buffer?.Length >= length ? buffer : new byte[Math.Max(length, Usual)];
    }

    /// <summary>For the next message.</summary>
    public static void GiveBack(byte[] buffer)
    {
        if (buffer.Length > MostKept)
            return;
        if (one is null)
            one = buffer;
        else
            other = buffer;
    }
}
