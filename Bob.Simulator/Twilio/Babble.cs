namespace Bob.Simulator.Twilio;

/// <summary>A synthesised voice without words, for whoever has to be heard and has no recording.</summary>
public static class Babble
{
    /// <summary>Speech-like mu-law: vowels of changing pitch at four syllables a second. The same seed gives the same bytes.</summary>
    public static byte[] Speak(TimeSpan duration, int seed = 1)
    {
        var random = new Random(seed);
        var clip = new byte[Mulaw.Bytes(duration)];
        var syllable = 8000 / 4;
        double phase = 0, pitch = 0, formant = 0;
        for (var i = 0; i < clip.Length; i++)
        {
            var place = i % syllable;
            if (place == 0)
                (pitch, formant) = (100 + (random.NextDouble() * 60), 400 + (random.NextDouble() * 1200));
            phase += (pitch - (10.0 * place / syllable)) / 8000;
            phase -= Math.Floor(phase);
            var envelope = Math.Sin(Math.PI * Math.Min(1, place / (syllable * 0.85)));
            var voice = Math.Exp(-6 * phase) * Math.Sin(2 * Math.PI * phase * formant / pitch);
            clip[i] = Mulaw.Encode((int)(14000 * envelope * voice));
        }

        return clip;
    }
}
