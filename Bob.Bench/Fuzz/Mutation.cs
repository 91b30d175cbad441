namespace Bob.Bench.Fuzz;

/// <summary>Makes inputs of seeds: now and then one as it is, otherwise with a few things done to it that break, bend or repeat something.</summary>
internal sealed class Mutation
{
    private const int MostSteps = 6;
    private const int LongestPiece = 64;
    private static readonly byte[] Telling = [.. "{}[]\":,\\/ \n\t0-.e+=&%'"u8, 0, 0x1F, 0x7F, 0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xFF];
    private readonly byte[] _bytes = new byte[FuzzTarget.LongestInput];
    private int _length;

    /// <summary>The input of an iteration. Valid until the next one is made.</summary>
    public ReadOnlyMemory<byte> Make(FuzzTarget target, ref FuzzRandom random)
    {
        var seed = Pick(target.Seeds, ref random);
        seed.CopyTo(_bytes, 0);
        _length = seed.Length;
        if (random.OneIn(32))
            return _bytes.AsMemory(0, _length);
        for (var steps = 1 + random.Below(MostSteps); steps > 0; steps--)
            Step(target, ref random);
        return _bytes.AsMemory(0, _length);
    }

    private static byte[] Pick(IReadOnlyList<byte[]> of, ref FuzzRandom random) => of[random.Below(of.Count)];

    private void Step(FuzzTarget target, ref FuzzRandom random)
    {
        var at = random.Below(_length + 1);
        var piece = Math.Min(1 + random.Below(LongestPiece), _length - at);
        switch (random.Below(12))
        {
            case 0 when at < _length:
                _bytes[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1 when at < _length:
                _bytes[at] = (byte)random.Next();
                break;
            case 2 when at < _length:
                _bytes[at] = Telling[random.Below(Telling.Length)];
                break;
            case 3:
                Replace(at, piece, []);
                break;
            case 4:
                Replace(random.Below(_length + 1), 0, _bytes.AsSpan(at, piece).ToArray());
                break;
            case 5 or 6:
                Replace(at, 0, Pick(target.Words, ref random));
                break;
            case 7:
                Replace(at, Value(at), Pick(target.Words, ref random));
                break;
            case 8:
                _length = at;
                break;
            case 9:
                var other = Pick(target.Seeds, ref random);
                Replace(at, _length - at, other.AsSpan(random.Below(other.Length + 1)));
                break;
            case 10:
                Span<byte> run = stackalloc byte[LongestPiece];
                run.Fill(Telling[random.Below(Telling.Length)]);
                Replace(at, 0, run[..(1 + random.Below(LongestPiece))]);
                break;
            case 11 when at < _length:
                _bytes[at] += (byte)(random.Below(33) - 16);
                break;
        }
    }

    /// <summary>Bytes up to what ends a value.</summary>
    private int Value(int at)
    {
        var end = _bytes.AsSpan(at, _length - at).IndexOfAny(",}&\n"u8);
        return end < 0 ? _length - at : end;
    }

    private void Replace(int at, int length, ReadOnlySpan<byte> with)
    {
        var rest = _bytes.AsSpan(at + length, _length - at - length);
        with = with[..Math.Min(with.Length, _bytes.Length - at)];
        rest = rest[..Math.Min(rest.Length, _bytes.Length - at - with.Length)];
        rest.CopyTo(_bytes.AsSpan(at + with.Length));
        with.CopyTo(_bytes.AsSpan(at));
        _length = at + with.Length + rest.Length;
    }
}
