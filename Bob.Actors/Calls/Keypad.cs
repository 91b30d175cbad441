using System.Text;

namespace Bob.Actors.Calls;

/// <summary>Collects the keys a caller presses, so that a number reaches the model whole. Pure.</summary>
public sealed class Keypad
{
    /// <summary>A pause of this length ends an entry.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Longest entry; more keys than any number has are a fault or a prank.</summary>
    private const int MaxDigits = 64;

    private readonly StringBuilder _digits = new();

    /// <summary>Takes a key. False for what is no key of a telephone.</summary>
    public bool Press(string digit)
    {
        if (digit.Length != 1 || !"0123456789*#ABCD".Contains(digit[0], StringComparison.Ordinal) || _digits.Length >= MaxDigits)
            return false;
        _digits.Append(digit);
        return true;
    }

    /// <summary>The entry so far.</summary>
    public string SoFar => _digits.ToString();

    /// <summary>The entry so far; the next one begins.</summary>
    public string Take()
    {
        var entry = _digits.ToString();
        _digits.Clear();
        return entry;
    }
}
