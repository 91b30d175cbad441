using System.Buffers.Text;

namespace Bob.Actors.Audio;

/// <summary>What Bob can say without a model.</summary>
public enum ClipName
{
    /// <summary>A call begins, and the model is still being dialled.</summary>
    Greeting,

    /// <summary>An answer takes long.</summary>
    Filler,

    /// <summary>It takes longer still, because a tool runs.</summary>
    StillAtIt,

    /// <summary>No model can be had for this call.</summary>
    Apology,

    /// <summary>After the apology: a human takes over.</summary>
    Transfer,

    /// <summary>After the apology: nobody takes over.</summary>
    CallAgain,

    /// <summary>The call goes on after its process died, and the model is still being dialled.</summary>
    CutOff,
}

/// <summary>One sentence in Bob's voice that needs no model: recorded once, and cut up for the line once. Immutable, and shared by all calls.</summary>
public sealed class Clip
{
    /// <summary>Audio in one message, bytes: 100 ms.</summary>
    private const int PieceBytes = 5 * Mulaw.FrameBytes;

    private readonly List<(byte[] Base64, int Bytes, int Padding)> _pieces = [];

    /// <param name="mulaw">Raw μ-law at 8 kHz, without a header.</param>
    public Clip(ClipName name, string text, ReadOnlySpan<byte> mulaw)
    {
        (Name, Text, Ms) = (name, text, mulaw.Length / Mulaw.BytesPerMs);
        var whole = new byte[(mulaw.Length + Mulaw.FrameBytes - 1) / Mulaw.FrameBytes * Mulaw.FrameBytes];
        mulaw.CopyTo(whole);
        whole.AsSpan(mulaw.Length).Fill(Mulaw.Silence);
        for (var at = 0; at < whole.Length; at += PieceBytes)
        {
            var piece = whole.AsSpan(at, Math.Min(PieceBytes, whole.Length - at));
            var base64 = new byte[Base64.GetMaxEncodedToUtf8Length(piece.Length)];
            Base64.EncodeToUtf8(piece, base64, out _, out _);
            _pieces.Add((base64, piece.Length, Math.Max(0, at + piece.Length - mulaw.Length)));
        }
    }

    public ClipName Name { get; }

    /// <summary>The words.</summary>
    public string Text { get; }

    /// <summary>Length of the audio, ms.</summary>
    public int Ms { get; }

    /// <summary>It only bridges a silence: who hears it still waits for an answer.</summary>
    public bool IsBridge => IsBridging(Name);

    /// <summary>Of those that only bridge a silence.</summary>
    internal static bool IsBridging(ClipName? name) => name is ClipName.Filler or ClipName.StillAtIt or ClipName.CutOff;

    /// <summary>The clip as an item of what Bob says.</summary>
    /// <param name="id">Its id in the conversation; no other item of the call may have it.</param>
    public SpokenItem Item(string id) => new(id, id, 0) { Clip = this };

    /// <summary>The audio of an item that was made of this clip, in whole frames.</summary>
    public IEnumerable<VoiceAudio> Say(SpokenItem item) => _pieces.Select(piece => new VoiceAudio(item, piece.Base64, piece.Bytes, piece.Padding));
}

/// <summary>The clips that there are.</summary>
public sealed class Clips(IEnumerable<Clip> clips)
{
    private readonly Dictionary<ClipName, Clip> _clips = clips.ToDictionary(clip => clip.Name);

    /// <summary>A Bob who can say nothing without a model.</summary>
    public static Clips None { get; } = new([]);

    public IReadOnlyCollection<Clip> All => _clips.Values;

    public Clip? Find(ClipName name) => _clips.GetValueOrDefault(name);
}
