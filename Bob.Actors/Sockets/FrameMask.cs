using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Bob.Actors.Sockets;

/// <summary>
/// The mask of the frames a client sends. It is there so that a web page cannot choose the bytes its browser puts on the wire and so poison a
/// proxy on the way (RFC 6455, 10.3). Nobody but Bob chooses Bob's bytes, so the keys of a connection come from a fast generator, seeded at random.
/// </summary>
internal struct FrameMask
{
    private ulong _state;

    public FrameMask() => RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref _state)));

    /// <summary>The next frame's key (SplitMix64).</summary>
    public uint Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (uint)((mixed ^ (mixed >> 31)) >> 32);
    }

    /// <summary>Masks a whole payload, or takes the mask off again.</summary>
    /// <param name="key">As it lies in memory.</param>
    public static void Apply(Span<byte> payload, uint key)
    {
        if (key == 0)
            return;
        var wide = new Vector<uint>(key);
        var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(payload);
        foreach (ref var vector in vectors)
            vector ^= wide;

        var rest = payload[(vectors.Length * Vector<byte>.Count)..];
        var words = MemoryMarshal.Cast<byte, uint>(rest);
        foreach (ref var word in words)
            word ^= key;

        rest = rest[(words.Length * sizeof(uint))..];
        var octets = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in key));
        for (var i = 0; i < rest.Length; i++)
            rest[i] ^= octets[i];
    }
}
