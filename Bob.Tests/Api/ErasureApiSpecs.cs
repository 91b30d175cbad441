using System.Net;
using AwesomeAssertions;
using Bob.Host.Records;
using Bob.Tests.Records;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>A caller is erased over HTTP; what that means is in <see cref="ErasureSpecs"/>.</summary>
public sealed class ErasureApiSpecs
{
    [Fact]
    public async Task A_caller_is_erased_and_the_others_stay()
    {
        await using var bob = await ApiHost.StartAsync();
        foreach (var number in new[] { "+15550100001", "+15550100002" })
        {
            await bob.WriteAsync(
                new CallerRow { Number = number, Name = "Ada" },
                new MessageRow { Kind = MessageKind.Taken, Caller = number, Text = "call me", At = Entries.Noon });
        }

        var response = await bob.SendAsync(HttpMethod.Post, "/api/callers/+15550100001/erase");

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        var erased = await ApiHost.BodyAsync(response);
        erased.GetProperty("known").GetBoolean().Should().BeTrue();
        erased.GetProperty("messages").GetInt32().Should().Be(1);
        await using var db = bob.Database.Open();
        (await db.Callers.Select(row => row.Number).ToListAsync(TestContext.Current.CancellationToken)).Should().Equal("+15550100002");
        (await db.Messages.Select(row => row.Caller).ToListAsync(TestContext.Current.CancellationToken)).Should().Equal("+15550100002");
    }

    [Theory]
    [InlineData("+12345")]
    [InlineData("+123456789012345")]
    public async Task Whoever_is_in_the_books_can_be_erased_however_long_the_number(string number)
    {
        await using var bob = await ApiHost.StartAsync();
        (await bob.SendAsync(HttpMethod.Put, $"/api/callers/{number}", """{"name":"Ada"}""")).StatusCode.Should().Be(HttpStatusCode.Created);

        var response = await bob.SendAsync(HttpMethod.Post, $"/api/callers/{number}/erase");

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await bob.GetAsync($"/api/callers/{number}")).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("anonymous")]
    [InlineData("12")]
    public async Task What_is_no_number_erases_nothing(string number)
    {
        await using var bob = await ApiHost.StartAsync();

        var response = await bob.SendAsync(HttpMethod.Post, $"/api/callers/{number}/erase");

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("is no phone number");
    }
}
