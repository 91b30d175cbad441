using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Realtime;
using Bob.Simulator.Audio;
using Bob.Simulator.Voice;
using Bob.Tests.Faults;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>16-bit samples where μ-law was asked for are told from every sound there is (O45).</summary>
public sealed class VoiceFormatSpecs
{
    private const int Second = 8_000;

    public static TheoryData<string> Lines => [.. ScriptedVoice.Recorded, "We open at nine o'clock and close at five today."];

    [Theory]
    [MemberData(nameof(Lines))]
    public void O45_Speech_is_speech_however_loud_it_is(string line)
    {
        var voice = ScriptedVoice.Say(line).Audio.ToArray();

        foreach (var gain in (double[])[0.02, 0.25, 1, 4, 16])
            WrongFrom(Louder(voice, gain)).Should().BeNull($"it is μ-law, {gain} times as loud");
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void O45_The_same_speech_in_16_bit_samples_is_noticed_within_a_second(string line)
    {
        var voice = ScriptedVoice.Say(line).Audio.ToArray();

        foreach (var gain in (double[])[0.1, 0.25, 1, 2])
        {
            var samples = AudioFormat.Pcm.FromMuLaw(Louder(voice, gain));
            WrongFrom(samples).Should().BeLessThanOrEqualTo(Second, $"it is 16-bit, {gain} times as loud");
            WrongFrom(samples[1..]).Should().BeLessThanOrEqualTo(Second, "a delta may begin in the middle of a sample");
            WrongFrom(AtTheSameRate(samples)).Should().BeLessThanOrEqualTo(Second, "8 kHz is no better");
        }
    }

    [Fact]
    public void O45_The_clips_that_come_with_Bob_are_told_from_their_samples()
    {
        foreach (var clip in Enum.GetValues<ClipName>().Select(ModelFaults.ClipAudio))
        {
            WrongFrom(clip).Should().BeNull();
            WrongFrom(AudioFormat.Pcm.FromMuLaw(clip)).Should().BeLessThanOrEqualTo(Second);
        }
    }

    [Fact]
    public void O45_Silence_is_nothing_to_be_afraid_of_in_any_format()
    {
        WrongFrom(Filled(0xFF)).Should().BeNull();
        WrongFrom(Filled(0x7F)).Should().BeNull();
        WrongFrom(Filled(0x00)).Should().BeNull("it is not heard");
    }

    [Fact]
    public void O45_Music_and_noise_and_tones_are_sounds()
    {
        var random = new Random(45);
        for (var piece = 0; piece < 300; piece++)
        {
            var voices = Enumerable.Range(0, random.Next(1, 12)).Select(_ => (Hertz: 80 + (random.NextDouble() * 3_300), Amplitude: random.NextDouble() * 20_000)).ToList();
            var noise = piece % 3 == 0 ? random.Next(20_000) : 0;

            var sound = Sound(at => voices.Sum(voice => voice.Amplitude * Math.Sin(2 * Math.PI * voice.Hertz * at / 8_000)) + (noise * (random.NextDouble() - 0.5)));

            WrongFrom(sound).Should().BeNull($"{string.Join(", ", voices)} and noise of {noise}");
        }

        for (var hertz = 50; hertz <= 3_400; hertz += 50)
        {
            foreach (var amplitude in (int[])[300, 12_000, 60_000])
            {
                WrongFrom(Sound(at => amplitude * Math.Sin(2 * Math.PI * hertz * at / 8_000))).Should().BeNull($"{hertz} Hz, {amplitude}");
                WrongFrom(Sound(at => at * hertz / 8_000 % 2 == 0 ? amplitude : -amplitude)).Should().BeNull($"a square wave of {hertz} Hz, {amplitude}");
                WrongFrom(Sound(at => at * hertz / 8_000 % 4 == 0 ? -amplitude : 0)).Should().BeNull($"a buzzer of {hertz} Hz, {amplitude}");
            }
        }
    }

    [Fact]
    public void O45_Only_the_beginning_of_a_response_is_listened_to_and_of_the_next_one_again()
    {
        var format = new VoiceFormat();
        var right = ScriptedVoice.Say("We open at nine.").Audio.ToArray();
        var wrong = AudioFormat.Pcm.FromMuLaw(right);

        format.Begin();
        format.IsWrong(Base64(right.AsSpan(0, Second / 2))).Should().BeFalse();
        format.IsWrong(Base64(Filled(0xFF))).Should().BeFalse();
        format.IsWrong(Base64(wrong)).Should().BeFalse();

        format.Begin();
        format.IsWrong(Base64(wrong)).Should().BeTrue();
    }

    /// <summary>The bytes after which it is found wrong, if it is; in deltas of an uneven size.</summary>
    private static int? WrongFrom(ReadOnlySpan<byte> audio)
    {
        const int Delta = 500;
        var format = new VoiceFormat();
        format.Begin();
        for (var at = 0; at < audio.Length; at += Delta)
        {
            var delta = audio.Slice(at, Math.Min(Delta, audio.Length - at));
            if (format.IsWrong(Base64(delta)))
                return at + delta.Length;
        }

        return null;
    }

    private static byte[] Base64(ReadOnlySpan<byte> audio) => System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(audio));

    private static byte[] Filled(byte value)
    {
        var audio = new byte[Second];
        Array.Fill(audio, value);
        return audio;
    }

    private static byte[] Louder(byte[] mulaw, double gain) => [.. mulaw.Select(code => Encoded(MuLaw.Decode(code) * gain))];

    private static byte[] Sound(Func<int, double> sample) => [.. Enumerable.Range(0, Second).Select(at => Encoded(sample(at)))];

    private static byte Encoded(double sample) => MuLaw.Encode((short)Math.Clamp(sample, short.MinValue, short.MaxValue));

    /// <summary>Every third sample.</summary>
    private static byte[] AtTheSameRate(byte[] samples) => [.. Enumerable.Range(0, samples.Length / 6).SelectMany(i => samples[(6 * i)..((6 * i) + 2)])];
}
