using Bob.Actors.Twilio;
using Bob.Tests.Sockets;

namespace Bob.Tests.Twilio;

internal static class MediaStreamSockets
{
    public static FakeMessageSocket Socket(this MediaStream stream) => (FakeMessageSocket)stream.Socket;
}
