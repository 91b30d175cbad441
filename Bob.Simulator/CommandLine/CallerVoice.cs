using System.Reflection;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.CommandLine;

/// <summary>What the caller says when no recording is given.</summary>
internal static class CallerVoice
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(1.6);

    /// <summary>The embedded clip whose name speaks of the caller, or else a synthesised voice.</summary>
    public static byte[] Default()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var name = assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(".ulaw", StringComparison.Ordinal) && n.Contains("caller", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        if (name is null)
            return Babble.Speak(Length, seed: 7);
        using var stream = assembly.GetManifestResourceStream(name)!;
        var clip = new byte[stream.Length];
        stream.ReadExactly(clip);
        return clip;
    }

    /// <summary>A recording of the caller. Null, with the reason, if it cannot be used.</summary>
    public static byte[]? Read(string path, out string? problem)
    {
        problem = null;
        try
        {
            var clip = Wav.ReadMulaw(File.ReadAllBytes(path));
            if (clip.Length > 0)
                return clip;
            problem = $"{path} is empty.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            problem = $"{path}: {e.Message} Give a WAV of 8000 Hz mono (16-bit PCM or mu-law), or raw mu-law.";
        }

        return null;
    }
}
