namespace Bob.Actors.Audio;

/// <summary>One piece of audio on the line's time axis.</summary>
/// <param name="Start">Where it begins, in bytes since the call began.</param>
/// <param name="ItemOffset">Bytes of its item that came before it.</param>
internal readonly record struct PlaybackChunk(VoiceAudio Audio, ItemPlayback Item, long Start, long ItemOffset)
{
    public long End => Start + Audio.Bytes;

    /// <summary>Bytes of the item that have been played when the line is at <paramref name="position"/>.</summary>
    public long ItemHeard(long position) => ItemOffset + Math.Clamp(position - Start, 0, Audio.Bytes - Audio.Padding);

    /// <summary>The same piece without its first <paramref name="bytes"/>.</summary>
    public PlaybackChunk Without(int bytes)
    {
        var rest = Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(Audio.Base64)).AsSpan(bytes);
        var audio = new VoiceAudio(
            Audio.Item, System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(rest)), rest.Length, Math.Min(Audio.Padding, rest.Length));
        return new PlaybackChunk(audio, Item, Start + bytes, ItemOffset + bytes);
    }
}

/// <summary>How far an item has come.</summary>
internal sealed class ItemPlayback(SpokenItem item)
{
    public SpokenItem Item { get; } = item;

    public long ReceivedBytes { get; set; }

    public long HeardBytes { get; set; }

    /// <summary>No more audio of it will come.</summary>
    public bool Complete { get; set; }

    public bool AllHeard => HeardBytes >= ReceivedBytes;

    public HeardItem Report() => new(Item, HeardBytes / Mulaw.BytesPerMs, ReceivedBytes / Mulaw.BytesPerMs);
}

/// <summary>A ring of chunks in the order they are spoken; those before <see cref="SentCount"/> are at Twilio. Grows, never allocates per chunk.</summary>
internal sealed class PlaybackQueue
{
    private PlaybackChunk[] _ring = new PlaybackChunk[16];
    private int _head;

    public int Count { get; private set; }

    public int SentCount { get; private set; }

    public bool HasUnsent => SentCount < Count;

    public ref PlaybackChunk First => ref _ring[_head];

    public void Add(PlaybackChunk chunk)
    {
        if (Count == _ring.Length)
            Grow();
        _ring[(_head + Count) & (_ring.Length - 1)] = chunk;
        Count++;
    }

    public VoiceAudio SendNext() => _ring[(_head + SentCount++) & (_ring.Length - 1)].Audio;

    public void RemoveFirst()
    {
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        SentCount = Math.Max(0, SentCount - 1);
    }

    public void Clear()
    {
        Array.Clear(_ring);
        _head = Count = SentCount = 0;
    }

    /// <summary>Everything counts as unsent again.</summary>
    public void Rewind() => SentCount = 0;

    private void Grow()
    {
        var larger = new PlaybackChunk[_ring.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        (_ring, _head) = (larger, 0);
    }
}
