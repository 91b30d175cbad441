using System.Text.Unicode;

namespace Bob.Bench.Fuzz;

/// <summary>
/// Whether bytes are one JSON value (RFC 8259) and nothing else, nested at most 64 deep. Written from the grammar and without the framework's reader,
/// whose word it is to be compared with.
/// </summary>
internal ref struct JsonGrammar
{
    private const int MaxDepth = 64;
    private readonly ReadOnlySpan<byte> _text;
    private int _at;

    private JsonGrammar(ReadOnlySpan<byte> text) => _text = text;

    public static bool Allows(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
            return false;
        var grammar = new JsonGrammar(text);
        grammar.Blank();
        if (!grammar.Value(0))
            return false;
        grammar.Blank();
        return grammar._at == text.Length;
    }

    private readonly byte Peek() => _at < _text.Length ? _text[_at] : (byte)0;

    private bool Take(byte octet)
    {
        if (_at >= _text.Length || _text[_at] != octet)
            return false;
        _at++;
        return true;
    }

    private void Blank()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            _at++;
    }

    private bool Value(int depth) => Peek() switch
    {
        (byte)'{' => depth < MaxDepth && Members(depth + 1),
        (byte)'[' => depth < MaxDepth && Elements(depth + 1),
        (byte)'"' => Text(),
        (byte)'t' => Word("true"u8),
        (byte)'f' => Word("false"u8),
        (byte)'n' => Word("null"u8),
        _ => Number(),
    };

    private bool Members(int depth)
    {
        _at++;
        Blank();
        if (Take((byte)'}'))
            return true;
        do
        {
            Blank();
            if (!Text())
                return false;
            Blank();
            if (!Take((byte)':'))
                return false;
            Blank();
            if (!Value(depth))
                return false;
            Blank();
        }
        while (Take((byte)','));
        return Take((byte)'}');
    }

    private bool Elements(int depth)
    {
        _at++;
        Blank();
        if (Take((byte)']'))
            return true;
        do
        {
            Blank();
            if (!Value(depth))
                return false;
            Blank();
        }
        while (Take((byte)','));
        return Take((byte)']');
    }

    private bool Text()
    {
        if (!Take((byte)'"'))
            return false;
        while (_at < _text.Length)
        {
            switch (_text[_at++])
            {
                case (byte)'"':
                    return true;
                case < 0x20:
                    return false;
                case (byte)'\\' when !Escape():
                    return false;
            }
        }

        return false;
    }

    private bool Escape()
    {
        if (!Take((byte)'u'))
            return _at < _text.Length && "\"\\/bfnrt"u8.Contains(_text[_at++]);
        for (var i = 0; i < 4; i++)
        {
            if (_at >= _text.Length || !char.IsAsciiHexDigit((char)_text[_at++]))
                return false;
        }

        return true;
    }

    private bool Word(ReadOnlySpan<byte> word)
    {
        if (!_text[_at..].StartsWith(word))
            return false;
        _at += word.Length;
        return true;
    }

    private bool Number()
    {
        Take((byte)'-');
        if (!Take((byte)'0') && !Digits())
            return false;
        if (Take((byte)'.') && !Digits())
            return false;
        if (!Take((byte)'e') && !Take((byte)'E'))
            return true;
        if (!Take((byte)'+'))
            Take((byte)'-');
        return Digits();
    }

    private bool Digits()
    {
        var begin = _at;
        while (char.IsAsciiDigit((char)Peek()))
            _at++;
        return _at > begin;
    }
}
