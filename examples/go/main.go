// Docket from Go: a write that is safe to repeat, pages, a filter, typed errors, and a stream that loses nothing.
//
//	go run . tour      what a backend does: create, list, filter, and read errors
//	go run . follow    what a consumer does: every activity, in order, after any crash
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/status"

	docket "docket.example/docketv1"
)

func main() {
	log.SetFlags(0)
	commands := map[string]func(context.Context, *grpc.ClientConn) error{"tour": tour, "follow": follow}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil || os.Getenv("DOCKET_TOKEN") == "" {
		log.Fatal("usage: DOCKET_TOKEN=... go run . tour|follow")
	}
	address := os.Getenv("DOCKET_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	// Plain text to this machine only; beyond it: credentials.NewTLS(nil).
	conn, err := grpc.Dial(address, grpc.WithTransportCredentials(local.NewCredentials()),
		grpc.WithPerRPCCredentials(token(os.Getenv("DOCKET_TOKEN"))))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if err := commands[os.Args[1]](context.Background(), conn); err != nil {
		log.Fatal(err)
	}
}

// token is sent with every call.
type token string

func (t token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(t)}, nil
}

func (token) RequireTransportSecurity() bool { return false }

func tour(ctx context.Context, conn *grpc.ClientConn) error {
	tickets := docket.NewTicketServiceClient(conn)
	for n := 1; n <= 5; n++ {
		priority := docket.Priority_PRIORITY_LOW
		if n == 3 {
			priority = docket.Priority_PRIORITY_URGENT
		}
		if err := create(ctx, tickets, fmt.Sprintf("Printer %d is on fire", n), priority); err != nil {
			return err
		}
	}
	all, err := pages(ctx, tickets, &docket.ListTicketsRequest{PageSize: 2, OrderBy: "number"})
	if err != nil {
		return err
	}
	fmt.Println("all:", strings.Join(all, ", "))
	urgent, err := pages(ctx, tickets, &docket.ListTicketsRequest{
		Filter: "ticket.priority == 'URGENT' && ticket.subject.startsWith('Printer')",
	})
	if err != nil {
		return err
	}
	fmt.Println("urgent:", strings.Join(urgent, ", "))

	_, err = tickets.CreateTicket(ctx, &docket.CreateTicketRequest{Ticket: &docket.Ticket{Tags: []string{""}}})
	show(err)
	return nil
}

func create(ctx context.Context, tickets docket.TicketServiceClient, subject string, priority docket.Priority) error {
	// Created once, before the first attempt, and reused for every retry.
	request := &docket.CreateTicketRequest{
		Ticket:    &docket.Ticket{Subject: subject, Priority: priority},
		RequestId: newID(),
	}
	made, err := patiently(ctx, tickets, request)
	if err != nil {
		return err
	}
	again, err := patiently(ctx, tickets, request)
	if err != nil {
		return err
	}
	outcome := "TWO"
	if again.Ticket.Id == made.Ticket.Id {
		outcome = "one ticket"
	}
	fmt.Printf("created %s %s, sent twice: %s\n", made.Ticket.DisplayNumber, subject, outcome)
	return nil
}

// patiently retries a write until it is answered; with one request_id, ten attempts are one write.
func patiently(
	ctx context.Context, tickets docket.TicketServiceClient, request *docket.CreateTicketRequest,
) (*docket.CreateTicketResponse, error) {
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		answer, err := tickets.CreateTicket(attempt, request)
		cancel()
		if status.Code(err) != codes.Unavailable || wait > 16*time.Second {
			return answer, err
		}
		time.Sleep(wait)
	}
}

// pages returns the numbers of a list's tickets, page by page; an empty token means the end.
func pages(ctx context.Context, tickets docket.TicketServiceClient, request *docket.ListTicketsRequest) ([]string, error) {
	var found []string
	for {
		page, err := tickets.ListTickets(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, ticket := range page.Tickets {
			found = append(found, ticket.DisplayNumber)
		}
		if page.NextPageToken == "" {
			return found, nil
		}
		request.PageToken = page.NextPageToken
	}
}

// show prints a refusal: programs branch on the code and the reason, the text is for people.
func show(err error) {
	refusal := status.Convert(err)
	var reason string
	var violations []*errdetails.BadRequest_FieldViolation
	for _, detail := range refusal.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.Reason
		case *errdetails.BadRequest:
			violations = detail.FieldViolations
		}
	}
	fmt.Println("refused:", refusal.Code(), reason)
	for _, violation := range violations {
		fmt.Printf("  %s: %s\n", violation.Field, violation.Description)
	}
}

func newID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(id)
}
